#include "event/claim_memo.h"

#include <cstring>

#include "absl/hash/hash.h"

namespace sequitur::event {

const ClaimMemo::Answer* ClaimMemo::Find(const HostClaim& claim) {
  size_ = 0;
  if (claims_ == 0 || !Read(claim)) {
    size_ = 0;
    return nullptr;
  }
  const absl::string_view text(asked_, size_);
  number_ = absl::Hash<absl::string_view>()(text) % claims_;
  if (slots_.empty() || slots_[number_].text != text) return nullptr;
  return &slots_[number_].answer;
}

void ClaimMemo::Keep(Answer answer) {
  if (size_ == 0) return;
  slots_.resize(claims_);
  slots_[number_].text.assign(asked_, size_);
  slots_[number_].answer = answer;
}

bool ClaimMemo::Read(const HostClaim& claim) {
  if (!Append(claim.id) || !Append(claim.name) || !Append(claim.agent_id)) return false;
  for (const Value& address : claim.addresses.elements()) {
    if (!Append(address.text())) return false;
  }
  return true;
}

bool ClaimMemo::Append(absl::string_view text) {
  if (text.size() > UINT8_MAX || size_ + 1 + text.size() > kMaxText) return false;
  asked_[size_++] = static_cast<char>(text.size());
  if (!text.empty()) std::memcpy(asked_ + size_, text.data(), text.size());
  size_ += text.size();
  return true;
}

}  // namespace sequitur::event
