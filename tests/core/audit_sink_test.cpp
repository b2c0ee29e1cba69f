#include "forgelm/core/audit_sink.hpp"

#include "support/test.hpp"

TEST_CASE("audit sink: the recording sink keeps events in order with their details in order") {
  forgelm::RecordingAuditSink sink;
  forgelm::AuditSink& as_modules_see_it = sink;
  as_modules_see_it.record({"training.started"});
  as_modules_see_it.record({"model.integrity_verified", forgelm::Json::object({{"z", 1}, {"a", 2}})});
  CHECK(sink.names() == std::vector<std::string>{"training.started", "model.integrity_verified"});
  CHECK(dump(sink.events()[0].details) == "{}");
  CHECK(dump(sink.events()[1].details) == R"({"z": 1, "a": 2})");
}
