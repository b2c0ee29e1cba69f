#include "forgelm/core/audit_sink.hpp"

namespace forgelm {

AuditSink::~AuditSink() = default;
NullAuditSink::~NullAuditSink() = default;
RecordingAuditSink::~RecordingAuditSink() = default;

void NullAuditSink::record(const AuditEvent&) {}

void RecordingAuditSink::record(const AuditEvent& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
}

std::vector<AuditEvent> RecordingAuditSink::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::vector<std::string> RecordingAuditSink::names() const {
  std::vector<std::string> names;
  for (const auto& event : events()) names.push_back(event.name);
  return names;
}

}  // namespace forgelm
