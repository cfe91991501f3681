#include "bus/kafka_consumer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "bus/prefetch.h"

namespace sequitur::bus {
namespace {

PartitionsHandle MakeList(absl::Span<const CommittedOffset> offsets) {
  PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const CommittedOffset& offset : offsets) {
    auto* entry =
        rd_kafka_topic_partition_list_add(list.get(), offset.at.topic.c_str(), offset.at.partition);
    entry->offset = offset.offset;
    if (offset.note.empty()) continue;
    // The list frees it.
    entry->metadata = strdup(offset.note.c_str());
    entry->metadata_size = offset.note.size();
  }
  return list;
}

PartitionsHandle MakeList(const absl::flat_hash_map<TopicPartition, int64_t>& partitions) {
  PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& [at, offset] : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition)->offset = offset;
  }
  return list;
}

// The offset that was asked for is before or behind what the partition holds.
bool IsPlaceLost(rd_kafka_resp_err_t error) {
#if RD_KAFKA_VERSION >= 0x02010000
  if (error == RD_KAFKA_RESP_ERR__LOG_TRUNCATION) return true;
#endif
  return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

// How many bytes the client keeps ahead of its reader.
size_t QueueBytes(const rd_kafka_conf_t* conf) {
  char kbytes[32] = "";
  size_t size = sizeof(kbytes);
  int64_t parsed = 0;
  if (rd_kafka_conf_get(conf, "queued.max.messages.kbytes", kbytes, &size) != RD_KAFKA_CONF_OK ||
      !absl::SimpleAtoi(kbytes, &parsed)) {
    return 0;
  }
  return static_cast<size_t>(parsed) << 10;
}

absl::string_view Payload(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

TopicPartition At(const rd_kafka_topic_partition_t& entry) {
  return {entry.topic, entry.partition};
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Create(KafkaOptions options) {
  const PropertyList defaults = {
    {"fetch.max.bytes", "4194304"},
    {"fetch.message.max.bytes", "2097152"},
    {"receive.message.max.bytes", "100000000"},
    {"fetch.wait.max.ms", "50"},
    {"queued.min.messages", "1000000"},
    {"queued.max.messages.kbytes", "32768"},
#if RD_KAFKA_VERSION >= 0x02020000
    {"fetch.queue.backoff.ms", "5"},
#endif
    {"topic.metadata.refresh.interval.ms", "30000"},
    {"log.connection.close", "false"},
  };
  PropertyList fixed = {
      {"group.id", options.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},  // FindPlaces says what happened, and goes on
      {"enable.partition.eof", "false"},
      {"partition.assignment.strategy", "range"},
      {"allow.auto.create.topics", "false"},
  };
  if (!options.instance.empty()) fixed.push_back({"group.instance.id", options.instance});
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(options.log));
  ASSIGN_OR_RETURN(ConfHandle conf, MakeConf(options, defaults, fixed, consumer->opaque_));
  consumer->wake_after_ = QueueBytes(conf.get()) / 4;
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t event,
                     rd_kafka_topic_partition_list_t* partitions, void* opaque) {
        static_cast<KafkaConsumer*>(static_cast<ClientOpaque*>(opaque)->owner)
            ->Rebalance(event, partitions);
      });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* why, void* opaque) {
    static_cast<KafkaConsumer*>(static_cast<ClientOpaque*>(opaque)->owner)
        ->Fail(static_cast<rd_kafka_resp_err_t>(error), why);
  });
  rd_kafka_conf_set_offset_commit_cb(
      conf.get(),
      [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*, void* opaque) {
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
        static_cast<ClientOpaque*>(opaque)->Write(
            4, absl::StrCat("offsets were not committed: ", rd_kafka_err2str(error)));
      });
  ASSIGN_OR_RETURN(consumer->client_, MakeClient(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(consumer->client_.get());
  consumer->queue_.reset(rd_kafka_queue_get_consumer(consumer->client_.get()));
  consumer->batch_.resize(kBatch);
  return consumer;
}

KafkaConsumer::~KafkaConsumer() {
  Close();
  queue_.reset();
}

absl::Status KafkaConsumer::Subscribe(const std::vector<std::string>& topics,
                                      AssignmentObserver& observer) {
  observer_ = &observer;
  PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  return ToStatus(rd_kafka_subscribe(client_.get(), list.get()), "subscribing");
}

absl::StatusOr<size_t> KafkaConsumer::Poll(absl::Duration timeout, EachRecord each) {
  if (!released_.empty()) ReleaseNow();
  size_t taken = 0;
  const auto take = [&](rd_kafka_message_t* message) {
    if (Take(*message, each)) ++taken;
    read_since_wake_ += message->key_len + message->len;
    rd_kafka_message_destroy(message);
  };
  // A batch is waited for until it is full: so the first record alone, then what
  // else is there by now.
  rd_kafka_message_t* first = rd_kafka_consume_queue(queue_.get(), TimeoutMs(timeout));
  if (first != nullptr) {
    take(first);
    const ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), 0, batch_.data(), batch_.size());
    for (ssize_t i = 0; i < got; ++i) {
      // Another core received them: they come from memory while this one is worked.
      if (i + 2 < got) __builtin_prefetch(batch_[i + 2]);
      if (i + 1 < got) Prefetch(Payload(*batch_[i + 1]));
      take(batch_[i]);
    }
  }
  RETURN_IF_ERROR(fatal_);
  if (place_lost_ && !paused_) RETURN_IF_ERROR(FindPlaces());
  if (read_since_wake_ >= wake_after_) WakeFetchers();
  return taken;
}

// Before fetch.queue.backoff.ms, a broker's thread that finds the queue full sleeps
// until it hears something, up to a second, and a queue that is emptied sooner runs
// dry. A question to each broker that leads a partition wakes them all; nobody waits
// for the answer.
void KafkaConsumer::WakeFetchers() {
  read_since_wake_ = 0;
  if (next_.empty() || paused_ || rd_kafka_version() >= 0x02020000) return;
  const PartitionsHandle list = MakeList(next_);
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
  (void)rd_kafka_offsets_for_times(client_.get(), list.get(), 0);
}

// Without the offset it wants a partition stands still in the client, and only a
// new assignment makes it go on: all of them, each from where it was.
absl::Status KafkaConsumer::FindPlaces() {
  auto found = next_;
  for (auto& [at, next] : found) {
    int64_t low = 0, high = 0;
    const absl::Status asked =
        ToStatus(rd_kafka_query_watermark_offsets(client_.get(), at.topic.c_str(), at.partition,
                                                  &low, &high, kBrokerTimeoutMs),
                 absl::StrCat("asking for the ends of ", at.topic));
    if (!asked.ok()) {
      if (absl::IsPermissionDenied(asked)) return asked;
      opaque_.Write(4, asked.message());
      return absl::OkStatus();  // the next Poll tries again
    }
    if (next < low || next > high) next = low;
  }
  place_lost_ = false;
  const PartitionsHandle list = MakeList(found);
  RETURN_IF_ERROR(ToStatus(rd_kafka_assign(client_.get(), list.get()), "going on elsewhere"));
  HoldAgain();
  for (auto& [at, next] : next_) {
    const int64_t to = found.at(at);
    if (to != next) Jumped(at, std::exchange(next, to), to);
  }
  return absl::OkStatus();
}

// A new assignment lets everything go on.
void KafkaConsumer::HoldAgain() {
  absl::flat_hash_map<TopicPartition, int64_t> held;
  for (const TopicPartition& at : held_) {
    const auto next = next_.find(at);
    if (next != next_.end()) held.insert(*next);
  }
  if (held.empty()) return;
  const PartitionsHandle list = MakeList(held);
  rd_kafka_pause_partitions(client_.get(), list.get());
}

void KafkaConsumer::Jumped(const TopicPartition& at, int64_t wanted, int64_t to) {
  if (to > wanted) {
    opaque_.Write(3,
                  absl::StrCat(at.topic, ":", at.partition, ": ", to - wanted,
                               " records were deleted before they were read; going on from ", to));
  } else {
    opaque_.Write(3, absl::StrCat(at.topic, ":", at.partition, " ends before offset ", wanted,
                                  ", up to which it was read: it was made anew or cut; read again "
                                  "from ",
                                  to));
  }
  observer_->OnJumped({at, wanted, to});
}

bool KafkaConsumer::Take(const rd_kafka_message_t& message, EachRecord each) {
  if (IsPlaceLost(message.err)) {
    place_lost_ = true;
    return false;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      Fail(message.err,
           absl::StrCat(message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt),
                        message.rkt == nullptr ? "" : ": ", rd_kafka_message_errstr(&message)));
    }
    return false;
  }
  scratch_.topic = rd_kafka_topic_name(message.rkt);
  scratch_.partition = message.partition;
  const auto next = next_.find(scratch_);
  if (paused_ || next == next_.end() || message.offset < next->second) return false;
  if (!held_.empty() && held_.contains(scratch_)) return false;
  next->second = message.offset + 1;
  Record record;
  record.at = &next->first;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  record.key = {static_cast<const char*>(message.key), message.key_len};
  record.value = Payload(message);
  record.tombstone = message.payload == nullptr;
  each(record);
  return true;
}

void KafkaConsumer::Fail(rd_kafka_resp_err_t error, absl::string_view reason) {
  const absl::Status fatal = FatalStatus(client_.get(), error, reason);
  if (fatal.ok()) {
    opaque_.Write(4, absl::StrCat("consumer: ", reason));
  } else {
    fatal_ = fatal;
  }
}

void KafkaConsumer::Rebalance(rd_kafka_resp_err_t event,
                              rd_kafka_topic_partition_list_t* partitions) {
  if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    const absl::Status assigned = AssignOrRetry(partitions);
    if (!assigned.ok() && fatal_.ok()) fatal_ = assigned;
    return;
  }
  Revoke(partitions);
  rd_kafka_assign(client_.get(), nullptr);
}

// A broker may be lost just now: tried again, but not so long that the group gives
// us up (max.poll.interval.ms).
absl::Status KafkaConsumer::AssignOrRetry(rd_kafka_topic_partition_list_t* partitions) {
  const absl::Time give_up = absl::Now() + kAssignFor;
  while (true) {
    const absl::Status assigned = Assign(partitions);
    if (assigned.ok()) return assigned;
    if (rd_kafka_assignment_lost(client_.get()) != 0) {
      // Another rebalance is on its way and brings what is ours.
      rd_kafka_assign(client_.get(), nullptr);
      return absl::OkStatus();
    }
    if (absl::IsPermissionDenied(assigned) || absl::IsFailedPrecondition(assigned) ||
        absl::Now() > give_up) {
      return assigned;
    }
    opaque_.Write(
        4, absl::StrCat("taking the assigned partitions is tried again: ", assigned.message()));
    absl::SleepFor(absl::Seconds(1));
  }
}

absl::Status KafkaConsumer::Assign(rd_kafka_topic_partition_list_t* partitions) {
  PartitionsHandle committed(rd_kafka_topic_partition_list_copy(partitions));
  if (committed->cnt > 0) {
    RETURN_IF_ERROR(ToStatus(rd_kafka_committed(client_.get(), committed.get(), kBrokerTimeoutMs),
                             "reading committed offsets"));
  }
  std::vector<Assignment> assigned;
  for (int i = 0; i < committed->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = committed->elems[i];
    Assignment one;
    one.committed.at = At(entry);
    RETURN_IF_ERROR(
        ToStatus(rd_kafka_query_watermark_offsets(client_.get(), entry.topic, entry.partition,
                                                  &one.low, &one.high, kBrokerTimeoutMs),
                 absl::StrCat("asking for the ends of ", entry.topic)));
    if (entry.offset >= 0) {
      one.committed.offset = entry.offset;
      one.committed.note = {static_cast<const char*>(entry.metadata), entry.metadata_size};
    }
    one.start = one.HasItsPlace() ? one.committed.offset : one.low;
    assigned.push_back(std::move(one));
  }
  RETURN_IF_ERROR(observer_->OnAssigned(absl::MakeSpan(assigned)));
  next_.clear();
  held_.clear();
  released_.clear();
  for (const Assignment& one : assigned) {
    next_[one.committed.at] = one.start;
    if (one.committed.offset == CommittedOffset::kNone || one.HasItsPlace()) continue;
    Jumped(one.committed.at, one.committed.offset, one.start);
  }
  const PartitionsHandle start = MakeList(next_);
  return ToStatus(rd_kafka_assign(client_.get(), start.get()), "taking the assigned partitions");
}

void KafkaConsumer::Revoke(const rd_kafka_topic_partition_list_t* partitions) {
  std::vector<TopicPartition> revoked;
  for (int i = 0; i < partitions->cnt; ++i) revoked.push_back(At(partitions->elems[i]));
  const bool lost = rd_kafka_assignment_lost(client_.get()) != 0;
  if (observer_ != nullptr) observer_->OnRevoked(revoked, lost);
  for (const TopicPartition& at : revoked) {
    next_.erase(at);
    held_.erase(at);
  }
}

void KafkaConsumer::CommitAsync(absl::Span<const CommittedOffset> offsets) {
  if (offsets.empty()) return;
  const PartitionsHandle list = MakeList(offsets);
  const rd_kafka_resp_err_t error = rd_kafka_commit(client_.get(), list.get(), 1);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    opaque_.Write(4, absl::StrCat("offsets were not committed: ", rd_kafka_err2str(error)));
  }
}

// rd_kafka_commit would wait for the coordinator as long as the session lasts.
absl::Status KafkaConsumer::Commit(absl::Span<const CommittedOffset> offsets,
                                   absl::Duration timeout) {
  if (offsets.empty()) return absl::OkStatus();
  const PartitionsHandle list = MakeList(offsets);
  const QueueHandle answers(rd_kafka_queue_new(client_.get()));
  RETURN_IF_ERROR(
      ToStatus(rd_kafka_commit_queue(client_.get(), list.get(), answers.get(), nullptr, nullptr),
               "committing offsets"));
  const EventHandle answer(rd_kafka_queue_poll(answers.get(), TimeoutMs(timeout)));
  if (answer == nullptr) {
    return absl::DeadlineExceededError("committing offsets: the brokers do not answer");
  }
  return ToStatus(rd_kafka_event_error(answer.get()), "committing offsets");
}

void KafkaConsumer::Pause() {
  if (paused_) return;
  paused_ = true;
  const PartitionsHandle list = MakeList(next_);
  rd_kafka_pause_partitions(client_.get(), list.get());
}

void KafkaConsumer::Resume() {
  if (!paused_) return;
  paused_ = false;
  auto from = next_;
  for (const TopicPartition& at : held_) from.erase(at);
  GoOn(from);
}

void KafkaConsumer::Hold(const TopicPartition& at, int64_t next) {
  const auto found = next_.find(at);
  if (found == next_.end()) return;
  found->second = next;
  // What was to go on at the next Poll no longer is.
  released_.erase(std::remove(released_.begin(), released_.end(), at), released_.end());
  if (!held_.insert(at).second || paused_) return;
  const PartitionsHandle list = MakeList(absl::flat_hash_map<TopicPartition, int64_t>{{at, next}});
  rd_kafka_pause_partitions(client_.get(), list.get());
}

// Not at once: the batch being given holds records from further on.
void KafkaConsumer::Release(const TopicPartition& at) {
  if (held_.contains(at)) released_.push_back(at);
}

void KafkaConsumer::ReleaseNow() {
  absl::flat_hash_map<TopicPartition, int64_t> from;
  for (const TopicPartition& at : released_) {
    const auto found = next_.find(at);
    if (held_.erase(at) > 0 && found != next_.end()) from.insert(*found);
  }
  released_.clear();
  if (!paused_ && !from.empty()) GoOn(from);
}

void KafkaConsumer::GoOn(const absl::flat_hash_map<TopicPartition, int64_t>& from) {
  const PartitionsHandle list = MakeList(from);
  ErrorHandle failed(rd_kafka_seek_partitions(client_.get(), list.get(), kBrokerTimeoutMs));
  if (failed != nullptr) {
    opaque_.Write(3, absl::StrCat("going on after a pause: ", rd_kafka_error_string(failed.get())));
  }
  rd_kafka_resume_partitions(client_.get(), list.get());
}

absl::StatusOr<absl::flat_hash_map<TopicPartition, int64_t>> KafkaConsumer::OffsetsForTime(
    absl::Span<const TopicPartition> partitions, int64_t time_ms) {
  absl::flat_hash_map<TopicPartition, int64_t> offsets;
  if (partitions.empty()) return offsets;
  for (const TopicPartition& at : partitions) offsets[at] = time_ms;
  const PartitionsHandle list = MakeList(offsets);
  RETURN_IF_ERROR(ToStatus(rd_kafka_offsets_for_times(client_.get(), list.get(), kBrokerTimeoutMs),
                           "looking up offsets by time"));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    RETURN_IF_ERROR(ToStatus(entry.err, absl::StrCat("looking up offsets of ", entry.topic)));
    int64_t offset = entry.offset;
    if (offset < 0) {
      int64_t low = 0;
      RETURN_IF_ERROR(
          ToStatus(rd_kafka_query_watermark_offsets(client_.get(), entry.topic, entry.partition,
                                                    &low, &offset, kBrokerTimeoutMs),
                   absl::StrCat("asking for the end of ", entry.topic)));
    }
    offsets[At(entry)] = offset;
  }
  return offsets;
}

absl::flat_hash_map<TopicPartition, int64_t> KafkaConsumer::Lag() {
  absl::flat_hash_map<TopicPartition, int64_t> lag;
  for (const auto& [at, next] : next_) {
    int64_t low = 0, high = 0;
    if (rd_kafka_get_watermark_offsets(client_.get(), at.topic.c_str(), at.partition, &low,
                                       &high) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    lag[at] = std::max<int64_t>(0, high - next);
  }
  return lag;
}

absl::flat_hash_map<std::string, int32_t> KafkaConsumer::PartitionCounts() {
  absl::flat_hash_map<std::string, int32_t> counts;
  const rd_kafka_metadata_t* metadata = nullptr;
  // Only of the topics that this client knows.
  if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, kBrokerTimeoutMs) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return counts;
  }
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (metadata->topics[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    counts[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return counts;
}

void KafkaConsumer::Close() {
  if (closed_ || client_ == nullptr) return;
  closed_ = true;
  rd_kafka_consumer_close(client_.get());
}

}  // namespace sequitur::bus
