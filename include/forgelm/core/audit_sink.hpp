// Where modules report what an auditor must be able to see. A module receives a sink and records events; only the sink
// knows the log, its format, its chain and its keys (the file-backed sink lives in module compliance).
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm {

struct AuditEvent {
  std::string name;                     ///< "training.started"; dotted, lower case
  Json details = Json(Json::Object());  ///< an object; its members keep their order in the record
};

class AuditSink {
 public:
  virtual ~AuditSink();
  /// Returns once the event is on record; throws RunError when it cannot be, and then the caller must not go on as if
  /// it were. Thread-safe.
  virtual void record(const AuditEvent& event) = 0;
};

/// Keeps nothing: for commands that leave no record.
class NullAuditSink final : public AuditSink {
 public:
  ~NullAuditSink() override;
  void record(const AuditEvent& event) override;
};

/// Keeps the events in memory, in order. For tests, and for events that come before their log exists.
class RecordingAuditSink final : public AuditSink {
 public:
  ~RecordingAuditSink() override;
  void record(const AuditEvent& event) override;
  std::vector<AuditEvent> events() const;
  /// The names of the events, in order.
  std::vector<std::string> names() const;

 private:
  mutable std::mutex mutex_;
  std::vector<AuditEvent> events_;
};

}  // namespace forgelm
