// `forgelm approve` and `forgelm reject` as processes: who is told of a decision, that a receiver that fails changes
// nothing, and that the keys of the job's log cover the entry.
#include "compliance/staged_run.hpp"
#include "forgelm/core/text.hpp"
#include "support/http_server.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

using namespace forgelm;
using test::StagedRun;
namespace fs = std::filesystem;

void answer(test::ServerConnection& peer, const char* status) {
  peer.send(cat("HTTP/1.1 ", status, "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
}

/// The bundle's word about the receiver, as a run writes it: no address, but the variable that holds it.
void record_receiver(const StagedRun& run) {
  fs::create_directory(run.folder() / "compliance");
  write_file_durably(run.folder() / "compliance/compliance_report.json",
                     dump(Json::object({{"webhook_config", Json::object({{"url_env", "HOOK"},
                                                                         {"notify_on_start", true},
                                                                         {"notify_on_success", true},
                                                                         {"notify_on_failure", true},
                                                                         {"timeout", 5},
                                                                         {"allow_private_destinations", true},
                                                                         {"require_https", false},
                                                                         {"tls_ca_bundle", Json()}})}})));
}

int decide(const StagedRun& run, const std::string& verb, const std::string& hook, const std::string& more = "") {
  const auto result = test::run_script(cat("FORGELM_OPERATOR=bob HOOK=", hook, " forgelm ", verb, " ", test::kRunId,
                                           " --comment 'as agreed' --output-dir out ", more),
                                       run.folder().parent_path().native());
  UNSCOPED_INFO(result.out << result.err);
  return result.exit_code;
}

}  // namespace

TEST_CASE("decision: the receiver that the run recorded is told, in the reference's words") {
  test::HttpServer server([](const test::ReceivedRequest&, test::ServerConnection& peer) { answer(peer, "200 OK"); });
  StagedRun approved;
  record_receiver(approved);
  CHECK(decide(approved, "approve", server.url("/")) == 0);
  REQUIRE(server.requests().size() == 1);
  Json body = parse_json(server.requests().back().body).value();
  CHECK(body.at("event") == Json("training.success"));
  CHECK(body.at("run_name") == Json("out"));
  CHECK(body.at("metrics").at("eval_loss") == Json(1.25));
  StagedRun rejected;
  record_receiver(rejected);
  CHECK(decide(rejected, "reject", server.url("/")) == 0);
  REQUIRE(server.requests().size() == 2);
  body = parse_json(server.requests().back().body).value();
  CHECK(body.at("event") == Json("training.failure"));
  CHECK(body.at("reason") == Json("human_approval.rejected: as agreed"));
}

TEST_CASE("decision: a refusal tells nobody, and a receiver that is not there changes nothing") {
  test::HttpServer server([](const test::ReceivedRequest&, test::ServerConnection& peer) { answer(peer, "200 OK"); });
  StagedRun run;
  record_receiver(run);
  write_file_durably(run.staging() / "more.bin", "x");
  CHECK(decide(run, "approve", server.url("/")) == 6);
  CHECK(server.requests().empty());
  fs::remove(run.staging() / "more.bin");
  CHECK(decide(run, "approve", "http://127.0.0.1:9/") == 0);
  CHECK(StagedRun::is_whole(run.place()));
}

TEST_CASE("decision: with --config the anchor of the job's log covers the decision") {
  StagedRun run;
  write_file_durably(run.folder().parent_path() / "job.yaml",
                     "model: {name_or_path: m}\nlora: {}\ntraining: {output_dir: out}\ndata: {dataset_name_or_path: "
                     "d.jsonl}\ncompliance: {anchor_path: anchor}\n");
  CHECK(decide(run, "approve", "", "--config job.yaml") == 0);
  const std::string anchor = read_file(run.folder().parent_path() / "anchor");
  CHECK(anchor == read_file(run.log().native() + ".checkpoint"));
}
