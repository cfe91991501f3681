#include "rules/version.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sequitur::rules {
namespace {

// FNV-1a, 64 bits, over fields that carry their length: no two different
// sequences of fields are the same bytes.
class Fingerprint {
 public:
  void Add(absl::string_view text) {
    AddBytes(absl::StrCat(text.size(), ":"));
    AddBytes(text);
  }
  void Add(int64_t number) { Add(absl::StrCat(number)); }
  std::string ToString() const { return absl::StrFormat("%016x", hash_); }

 private:
  void AddBytes(absl::string_view bytes) {
    for (const char c : bytes) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * uint64_t{0x100000001b3};
    }
  }

  uint64_t hash_ = 0xcbf29ce484222325;
};

void AddTerm(const eql::Term& term, const event::FieldTable& fields, Fingerprint& fingerprint) {
  fingerprint.Add(term.text);
  fingerprint.Add(term.missing ? 1 : 0);
  fingerprint.Add(term.runs);
  fingerprint.Add(static_cast<int64_t>(term.keys.size()));
  for (const eql::KeyField& key : term.keys) {
    fingerprint.Add(absl::StrCat(key.optional ? "?" : "", fields.path(key.field)));
  }
}

void AddLinks(const std::vector<Link>& links, const event::FieldTable& fields,
              Fingerprint& fingerprint) {
  if (links.empty()) return;  // rules without are what they were
  fingerprint.Add("links");
  const auto add_pair = [&](const FieldPair& pair) {
    fingerprint.Add(fields.path(pair.earlier));
    fingerprint.Add(fields.path(pair.later));
  };
  for (const Link& link : links) {
    fingerprint.Add(link.earlier);
    fingerprint.Add(link.later);
    for (const auto* ties : {&link.by, &link.prefer}) {
      fingerprint.Add(static_cast<int64_t>(ties->size()));
      for (const Tie& tie : *ties) {
        add_pair(tie.same);
        fingerprint.Add(tie.within ? "within" : "");
        if (tie.within) add_pair(*tie.within);
      }
    }
  }
}

void AddStage(const Stage& stage, absl::Span<const AllowlistEntry> allowlist,
              const event::FieldTable& fields, Fingerprint& fingerprint) {
  AddTerm(stage.term, fields, fingerprint);
  fingerprint.Add(static_cast<int64_t>(stage.allowlist.size()));
  for (const uint32_t entry : stage.allowlist) fingerprint.Add(allowlist[entry].where_text);
}

void AddLists(const absl::btree_set<std::string>& used, const Lists& lists,
              Fingerprint& fingerprint) {
  for (const std::string& name : used) {
    const NamedList* list = lists.Find(name);
    if (list == nullptr) continue;
    fingerprint.Add(name);
    for (const std::string& entry : list->entries) fingerprint.Add(entry);
  }
}

}  // namespace

std::string RuleVersion(const Rule& rule, absl::Span<const AllowlistEntry> allowlist,
                        const absl::btree_set<std::string>& used_lists, const Lists& lists,
                        const event::FieldTable& fields) {
  Fingerprint fingerprint;
  fingerprint.Add(rule.is_sequence ? "sequence" : "event");
  fingerprint.Add(rule.maxspan.value_or(-1));
  fingerprint.Add(rule.order_slack);
  fingerprint.Add(static_cast<int64_t>(rule.stages.size()));
  for (const Stage& stage : rule.stages) AddStage(stage, allowlist, fields, fingerprint);
  fingerprint.Add(rule.until ? "until" : "");
  if (rule.until) AddStage(*rule.until, allowlist, fields, fingerprint);
  AddLinks(rule.links, fields, fingerprint);
  for (const eql::Pipe& pipe : rule.pipes) {
    fingerprint.Add(pipe.kind == eql::Pipe::Kind::kHead ? "head" : "tail");
    fingerprint.Add(pipe.count);
  }
  AddLists(used_lists, lists, fingerprint);
  return fingerprint.ToString();
}

std::string StagesVersion(const Rule& rule, const absl::btree_set<std::string>& used_lists,
                          const Lists& lists, const event::FieldTable& fields) {
  Fingerprint fingerprint;
  fingerprint.Add(rule.is_sequence ? "sequence" : "event");
  fingerprint.Add(static_cast<int64_t>(rule.stages.size()));
  for (const Stage& stage : rule.stages) AddTerm(stage.term, fields, fingerprint);
  fingerprint.Add(rule.until ? "until" : "");
  if (rule.until) AddTerm(rule.until->term, fields, fingerprint);
  AddLinks(rule.links, fields, fingerprint);
  AddLists(used_lists, lists, fingerprint);
  return fingerprint.ToString();
}

}  // namespace sequitur::rules
