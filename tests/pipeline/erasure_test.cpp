// Erasure and access: the reference's documents, events and files for its own cases, and what it misses: caches, runs'
// folders, samples.
#include "forgelm/pipeline/erasure.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/data/token_cache.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

/// An empty folder as the working directory, an environment of its own, an audit log in memory.
class Desk {
 public:
  Desk() : before_(fs::current_path()), scope_(environment) {
    fs::current_path(folder_.path());
    environment.variables["XDG_CACHE_HOME"] = (folder_ / "cache").native();
    set_log_level(LogLevel::ERROR);
  }
  ~Desk() {
    set_log_level(LogLevel::INFO);
    fs::current_path(before_);
  }
  pipeline::OpenAudit open_audit() {
    return [this](const fs::path&, const std::string& run) {
      opened_for = run;
      return std::make_unique<test::SinkReference>(audit);
    };
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::absolute(name).parent_path());
    write_file_durably(name, text);
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      const std::string name = entry.path().lexically_relative(folder_.path()).native();
      if (entry.is_regular_file() && name.find(compliance::kSaltFile) == std::string::npos)
        files[name] = read_file(entry.path());
    }
    return files;
  }
  fs::path path() const { return fs::canonical(folder_.path()); }

  test::FakeEnvironment environment;
  RecordingAuditSink audit;
  std::string opened_for;

 private:
  test::TemporaryDirectory folder_;
  fs::path before_;
  ScopedEnvironment scope_;
};

pipeline::RowErasure row_erasure(Desk& desk, const std::string& id, const std::string& corpus = "corpus.jsonl") {
  pipeline::RowErasure request;
  request.row_id = id;
  request.corpus = corpus;
  request.output_dir = "out";
  request.cache_folder = desk.path() / "cache/forgelm/tokens";
  request.open_audit = desk.open_audit();
  return request;
}

pipeline::RunErasure run_erasure(Desk& desk, const std::string& run, pipeline::RunKind kind) {
  pipeline::RunErasure request;
  request.run_id = run;
  request.kind = kind;
  request.output_dir = "out";
  request.cache_folder = desk.path() / "cache/forgelm/tokens";
  request.open_audit = desk.open_audit();
  return request;
}

/// Does what the reference was told to; gives its document, or null with the exit code.
std::pair<Json, int> obey(Desk& desk, const Json& command) {
  std::map<std::string, std::string> options;
  const auto& words = command.items();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i].text();
    if (!word.starts_with("--")) continue;
    const bool is_flag = word == "--dry-run";
    options[word] = is_flag ? "" : words.at(i + 1).text();
    if (!is_flag) ++i;
  }
  const bool is_dry_run = options.count("--dry-run") != 0;
  try {
    if (words[0].text() == "reverse-pii") {
      pipeline::AccessRequest request;
      request.query = options.at("--query");
      if (options.count("--type") != 0) request.type = *from_text<compliance::IdentifierType>(options.at("--type"));
      if (options.count("--salt-source") != 0)
        request.salt_source = *from_text<compliance::SaltSource>(options.at("--salt-source"));
      for (const auto& entry : fs::directory_iterator(desk.path() / "data")) request.files.push_back(entry.path());
      std::sort(request.files.begin(), request.files.end());
      request.output_dir = request.audit_dir = "out";
      request.open_audit = desk.open_audit();
      return {pipeline::answer_access_request(request), 0};
    }
    if (options.count("--run-id") != 0) {
      auto request = run_erasure(desk, options.at("--run-id"), *from_text<pipeline::RunKind>(options.at("--kind")));
      request.is_dry_run = is_dry_run;
      return {pipeline::erase_run(request), 0};
    }
    auto request = row_erasure(desk, options.at("--row-id"));
    request.justification = options["--justification"];
    if (options.count("--row-matches") != 0)
      request.row_matches = *from_text<pipeline::RowMatches>(options.at("--row-matches"));
    request.is_dry_run = is_dry_run;
    return {pipeline::erase_row(request), 0};
  } catch (const Error& error) {
    return {Json(), static_cast<int>(error.exit_code())};
  }
}

/// All members of `reference` are in `ours` with the same values and in the same order, the reference's first.
void check_holds(const Json& ours, const Json& reference) {
  std::size_t at = 0;
  for (const auto& [key, value] : reference.members()) {
    if (key == "success") continue;
    REQUIRE(at < ours.members().size());
    INFO(key);
    CHECK(ours.members()[at].first == key);
    CHECK(dump(ours.members()[at].second) == dump(value));
    ++at;
  }
}

Json with_folder(const Json& value, const std::string& folder) {
  std::string text = dump(value);
  for (std::size_t at; (at = text.find("{DIR}")) != std::string::npos;) text.replace(at, 5, folder);
  return parse_json(text).value();
}

bool any_file_holds(const fs::path& folder, const std::string& text) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && read_file(entry.path()).find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("erasure: documents, events and files are the reference's") {
  std::ifstream lines(FORGELM_SOURCE_DIR "/tests/golden/erasure/cases.jsonl");
  std::size_t num_cases = 0;
  for (std::string line; std::getline(lines, line); ++num_cases) {
    Desk desk;
    const Json golden = with_folder(parse_json(line).value(), desk.path().native());
    INFO(dump(golden.at("command")) << dump(golden.at("env")));
    for (const auto& [name, text] : golden.at("files").members()) desk.write(name, text.text());
    for (const auto& [name, value] : golden.at("env").members()) desk.environment.variables[name] = value.text();
    std::string salt;
    for (char c = 1; c <= 16; ++c) salt += c;
    desk.write(cat("out/", compliance::kSaltFile), salt);

    const auto [document, exit_code] = obey(desk, golden.at("command"));
    CHECK(exit_code == golden.at("exit").integer());
    if (exit_code == 0) check_holds(document, golden.at("document"));
    const auto events = desk.audit.events();
    const auto& expected = golden.at("events").items();
    REQUIRE(events.size() == expected.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      INFO("event " << i);
      CHECK(events[i].name == expected[i].items().at(0).text());
      Json details = expected[i].items().at(1);
      // It advises to remove the bundle by other means; ours is found by its report.
      if (Json* message = details.find("error_message");
          message != nullptr && message->text().find("bundle") != std::string::npos)
        details.set("error_message", message->text().substr(0, message->text().find(" The standard")));
      check_holds(events[i].details, details);
    }
    std::map<std::string, std::string> after;
    for (const auto& [name, text] : golden.at("after").members()) after[name] = text.text();
    CHECK(desk.files() == after);
  }
  CHECK(num_cases == 26);
}

TEST_CASE("erasure: a row goes from the corpus and from every token cache made of it") {
  constexpr const char* kPerson = "alice.marker@example.com";
  Desk desk;
  const fs::path model = fs::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model";
  std::string corpus, other;
  for (int i = 0; i < 20; ++i) {
    const std::string person = i == 7 ? kPerson : cat("person ", i);
    corpus += dump(Json::object({{"id", i == 7 ? Json(kPerson) : Json(cat("row-", i))},
                                 {"text", cat("write to ", person, " soon")}})) +
              "\n";
    other += dump(Json::object({{"id", cat("other-", i)}, {"text", cat("nothing of anybody ", i)}})) + "\n";
  }
  desk.write("work/corpus.jsonl", corpus);
  desk.write("work/copy.jsonl", corpus);  // the same bytes under another name
  desk.write("other.jsonl", other);
  const auto prepare = [&](const std::string& file) {
    const auto loaded = config::read_job(
        cat("model: {name_or_path: ", model.native(), "}\nlora: {}\ntraining: {output_dir: work/out}\n",
            "data: {dataset_name_or_path: ", file, "}\n"),
        "job.yaml");
    REQUIRE(loaded.ok());
    data::TokenizeOptions options;
    options.cache_folder = data::token_cache_folder();
    return data::prepare(loaded.job, options);
  };
  const auto tokenizer = prepare("work/corpus.jsonl").model.tokenizer;
  prepare("work/copy.jsonl");
  prepare("other.jsonl");
  const fs::path caches = data::token_cache_folder();
  REQUIRE(data::list_token_caches(caches).size() == 3);
  REQUIRE(pipeline::caches_that_hold(caches, *tokenizer, kPerson).size() == 2);

  auto request = row_erasure(desk, kPerson, "work/corpus.jsonl");
  request.output_dir = "work";
  request.cache_folder = caches;
  request.justification = cat("asked for by ", kPerson);
  const Json document = pipeline::erase_row(request);
  CHECK(document.at("caches_removed").items().size() == 2);
  CHECK(pipeline::caches_that_hold(caches, *tokenizer, kPerson).empty());
  CHECK(data::list_token_caches(caches).size() == 1);
  CHECK(prepare("other.jsonl").sources.at(0).tokens.was_cached);
  // The copy is not the file that was named: it is told.
  CHECK(document.at("remaining") == Json::array({"work/copy.jsonl"}));
  CHECK(read_file("work/corpus.jsonl").find(kPerson) == std::string::npos);
  for (const AuditEvent& event : desk.audit.events()) CHECK(dump(event.details).find("alice") == std::string::npos);

  request.corpus = "work/copy.jsonl";
  CHECK(pipeline::erase_row(request).at("remaining") == Json::array());
  CHECK_FALSE(any_file_holds("work", kPerson));
  CHECK_FALSE(any_file_holds(caches, kPerson));
}

TEST_CASE("erasure: caches of other sources go too when the job's tokenizer shows that they hold the identifier") {
  constexpr const char* kPerson = "bob.marker@example.com";
  Desk desk;
  const fs::path model = fs::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model";
  std::string corpus, shuffled;
  for (int i = 0; i < 12; ++i) {
    const std::string row = dump(Json::object({{"id", i == 3 ? Json(kPerson) : Json(i)},
                                               {"text", cat("to ", i == 3 ? kPerson : "nobody", " ", i)}})) +
                            "\n";
    corpus += row;
    shuffled = row + shuffled;
  }
  desk.write("corpus.jsonl", corpus);
  desk.write("shuffled.jsonl", shuffled);
  const auto loaded = config::read_job(cat("model: {name_or_path: ", model.native(),
                                           "}\nlora: {}\ntraining: {}\ndata: {dataset_name_or_path: shuffled.jsonl}\n"),
                                       "job.yaml");
  REQUIRE(loaded.ok());
  data::TokenizeOptions options;
  options.cache_folder = data::token_cache_folder();
  auto request = row_erasure(desk, kPerson);
  request.tokenizer = data::prepare(loaded.job, options).model.tokenizer;
  CHECK(pipeline::erase_row(request).at("caches_removed").items().size() == 1);
  CHECK(data::list_token_caches(options.cache_folder).empty());
}

TEST_CASE("erasure: a dry run leaves nothing but its record") {
  Desk desk;
  desk.write("corpus.jsonl", "{\"id\": \"a\"}\n{\"id\": \"b\"}\n");
  fs::create_directory("out");
  const auto before = desk.files();
  auto request = row_erasure(desk, "a");
  request.is_dry_run = true;
  const Json document = pipeline::erase_row(request);
  CHECK(document.at("salt_source").text() == "ephemeral");
  CHECK(document.at("matches") == Json(1));
  CHECK(desk.files() == before);
  CHECK_FALSE(fs::exists(fs::path("out") / compliance::kSaltFile));
  CHECK(desk.audit.names() == std::vector<std::string>{"data.erasure_requested", "data.erasure_completed"});
}

TEST_CASE("erasure: nothing is taken out of an audit log, by its name or by what it holds") {
  Desk desk;
  const std::string log = "{\"timestamp\": \"t\", \"run_id\": \"a\", \"event\": \"e\", \"prev_hash\": \"genesis\"}\n";
  desk.write("out/audit_log.jsonl", log);
  desk.write("renamed.jsonl", log);
  for (const char* corpus : {"out/audit_log.jsonl", "renamed.jsonl"}) {
    INFO(corpus);
    CHECK_THROWS_AS(pipeline::erase_row(row_erasure(desk, "a", corpus)), ConfigError);
    CHECK(read_file(corpus) == log);
  }
  CHECK(desk.audit.events().empty());
}

TEST_CASE("erasure: what fails is on record, with the identifier out of sight") {
  Desk desk;
  desk.write("alice@example.com.csv", "id,id\na,b\n");  // a header that cannot be read
  const auto request = row_erasure(desk, "alice@example.com", "alice@example.com.csv");
  CHECK_THROWS_AS(pipeline::erase_row(request), ConfigError);
  REQUIRE(desk.audit.names() == std::vector<std::string>{"data.erasure_requested", "data.erasure_failed"});
  for (const AuditEvent& event : desk.audit.events()) {
    CHECK(dump(event.details).find("alice") == std::string::npos);
    CHECK(event.details.at("corpus_path").text().find("<id_hash:") != std::string::npos);
  }
  CHECK(desk.audit.events()[1].details.at("error_class").text() == "config");
}

TEST_CASE("erasure: a run's record names the files it used, and the run is named when one of them loses a row") {
  test::Workplace here;
  const auto result = here.run();
  const Json sets = here.record().at("data").at("data_sets");
  const fs::path used = fs::path(FORGELM_SOURCE_DIR) / "configs/data/first-job.jsonl";
  REQUIRE(sets.items().at(0).at("files").items().at(0).at("sha256").text() == sha256_file(used));
  CHECK(pipeline::runs_that_used(here.out(), "/nowhere", sha256_file(used)) == std::vector<std::string>{result.run_id});
  CHECK(pipeline::runs_that_used(here.out(), used, "") == std::vector<std::string>{result.run_id});
  CHECK(pipeline::runs_that_used(here.out(), "/nowhere", "").empty());

  // A row of a copy with the same content.
  std::string bytes = read_file(used);
  const fs::path copy = here.out().parent_path() / "copy.jsonl";
  write_file_durably(copy, "{\"id\": \"person-1\", \"text\": \"x\"}\n" + bytes);
  pipeline::RowErasure request;
  request.row_id = "person-1";
  request.corpus = copy;
  request.output_dir = here.out();
  request.cache_folder = data::token_cache_folder();
  request.open_audit = [&](const fs::path&, const std::string&) {
    return std::make_unique<test::SinkReference>(here.audit);
  };
  // Not that run's file: nothing to warn of, though there is a final model.
  CHECK(pipeline::erase_row(request).at("warnings") == Json::array());
}

TEST_CASE("erasure: samples that show the identifier go, and the run that trained on it is named") {
  Desk desk;
  const std::string corpus = "{\"id\": \"carol-4711\", \"text\": \"x\"}\n{\"id\": \"dave\"}\n";
  desk.write("corpus.jsonl", corpus);
  const Json file = Json::object({{"path", "elsewhere"}, {"sha256", sha256_hex(corpus)}});
  const Json set = Json::object({{"name", "/elsewhere"}, {"kind", "directory"}, {"files", Json::array({file})}});
  const Json data = Json::object({{"data_sets", Json::array({set})}});
  desk.write("out/forgelm_run.json", dump(Json::object({{"id", "fg-00000000000a"}, {"data", data}})));
  desk.write("out/samples.jsonl", "{\"step\": 1, \"text\": \"for carol-4711\"}\n{\"step\": 2, \"text\": \"other\"}\n");
  desk.write("out/earlier-fg-b/samples.jsonl",
             "{\"step\": 1, \"text\": \"\\u0063arol-4711\"}\n{\"text\": \"carol-4711\"}\n");
  desk.write("out/synthetic_data.jsonl", "{\"text\": \"made of carol-4711\"}\n");
  auto request = row_erasure(desk, "carol-4711");
  request.webhook_targets = {"https://hooks.example.org"};
  const Json document = pipeline::erase_row(request);
  CHECK(document.at("affected_run_ids") == Json::array({"fg-00000000000a"}));
  CHECK(document.at("warnings") ==
        Json::array({"data.erasure_warning_memorisation", "data.erasure_warning_synthetic_data_present",
                     "data.erasure_warning_external_copies"}));
  CHECK(read_file("out/samples.jsonl") == "{\"step\": 2, \"text\": \"other\"}\n");
  CHECK(read_file("out/earlier-fg-b/samples.jsonl") == "");
  CHECK(document.at("remaining") == Json::array({"out/synthetic_data.jsonl"}));
}

TEST_CASE("erasure: everything that a run wrote is found by its id, but the log and the model") {
  test::Workplace here;
  here.sections = "monitoring: {enabled: true, metrics_export: prometheus}\n";
  const auto first = here.run();
  here.training.after_step = [](std::int64_t step) {
    if (step == 6) throw RunError(RunErrorKind::diverged, "the loss is not finite");
  };
  CHECK_THROWS_AS(here.run(), RunError);  // the first run is set aside, and stays
  const std::string second = here.record().at("id").text();
  const fs::path aside = here.out() / cat("earlier-", first.run_id);
  REQUIRE(fs::exists(aside));
  write_file_durably(here.out() / "audit_log.jsonl", "{}\n");
  fs::create_directories(here.out() / "compliance");
  write_file_durably(here.out() / "compliance/compliance_report.json", cat("{\"run_id\": \"", second, "\"}"));
  write_file_durably(here.out() / "compliance/data_provenance.json", "{}");
  write_file_durably(here.out() / "compliance/audit_log.jsonl", "{}");
  REQUIRE(data::list_token_caches(data::token_cache_folder()).size() == 1);

  pipeline::RunErasure request;
  request.run_id = first.run_id;
  request.output_dir = here.out();
  request.cache_folder = data::token_cache_folder();
  request.open_audit = [&](const fs::path&, const std::string&) {
    return std::make_unique<test::SinkReference>(here.audit);
  };
  request.is_dry_run = true;
  const auto names = here.names();
  // TensorBoard's files, the folder, the metrics for a collector, the cache.
  REQUIRE(names.count("forgelm.prom") == 1);
  CHECK(pipeline::erase_run(request).at("would_delete").items().size() == 4);
  CHECK(here.names() == names);
  request.is_dry_run = false;
  const Json document = pipeline::erase_run(request);
  CHECK_FALSE(fs::exists(aside));
  CHECK(document.at("bytes_freed").integer() > 0);
  CHECK(data::list_token_caches(data::token_cache_folder()).empty());
  CHECK(fs::exists(here.out() / "checkpoint-4"));  // of the second run

  request.run_id = second;
  pipeline::erase_run(request);
  CHECK(here.names() == std::set<std::string>{".forgelm.lock", "audit_log.jsonl", "compliance", "final_model"});
  CHECK(fs::exists(here.out() / "compliance/audit_log.jsonl"));
  CHECK_FALSE(fs::exists(here.out() / "compliance/data_provenance.json"));
  CHECK_THROWS_AS(pipeline::erase_run(request), ConfigError);  // there is nothing any more
  CHECK(here.audit.events().back().name == "data.erasure_failed");
}

TEST_CASE("erasure: the record goes last, so that an erasure that was cut short can be done again") {
  test::Workplace here;
  const auto result = here.run();
  const auto paths = pipeline::paths_of_run(here.out(), result.run_id, pipeline::RunKind::artefacts);
  REQUIRE(paths.size() > 4);
  CHECK(paths.back() == here.out() / "forgelm_run.json");
  for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
    fs::remove_all(paths[i]);
    const auto rest = pipeline::paths_of_run(here.out(), result.run_id, pipeline::RunKind::artefacts);
    CHECK(rest == std::vector<fs::path>(paths.begin() + static_cast<std::ptrdiff_t>(i) + 1, paths.end()));
  }
}

TEST_CASE("erasure: ids that are none, folders in use and links that lead out are refused") {
  Desk desk;
  desk.write("outside/model", "x");
  desk.write("out/keep", "x");
  fs::create_directory_symlink(desk.path() / "outside", "out/final_model.staging.fg-00000000000c");
  for (const char* id : {"", "../outside", "a/b", "..", "alice@example.com", "a b"}) {
    INFO(id);
    CHECK_THROWS_AS(pipeline::erase_run(run_erasure(desk, id, pipeline::RunKind::staging)), ConfigError);
  }
  CHECK(desk.audit.events().empty());  // what may be a person's name is not recorded
  CHECK_THROWS_AS(pipeline::erase_run(run_erasure(desk, "fg-00000000000c", pipeline::RunKind::staging)), ConfigError);
  CHECK(fs::exists("outside/model"));

  desk.write("out/forgelm_run.json", "{\"id\": \"fg-00000000000b\", \"previous\": [\"fg-00000000000a\"]}");
  CHECK_THROWS_AS(pipeline::erase_run(run_erasure(desk, "fg-00000000000a", pipeline::RunKind::artefacts)), ConfigError);
  const auto lock = FileLock::try_acquire("out/.forgelm.lock");
  REQUIRE(lock);
  CHECK_THROWS_AS(pipeline::erase_run(run_erasure(desk, "fg-00000000000b", pipeline::RunKind::artefacts)), ConfigError);
  CHECK(fs::exists("out/forgelm_run.json"));
  CHECK(desk.audit.events().back().name == "data.erasure_failed");
}

TEST_CASE("access: a request that cannot be answered is on record, and so is one that finds nothing") {
  Desk desk;
  desk.write("data/a.jsonl", "{\"text\": \"x\"}\n");
  desk.write("data/b.jsonl.gz", std::string("\x1f\x8b\x00\x00", 4));
  pipeline::AccessRequest request;
  request.query = "alice@example.com";
  request.output_dir = request.audit_dir = "out";
  request.files = {"data/a.jsonl", "data/b.jsonl.gz"};
  request.open_audit = desk.open_audit();
  CHECK_THROWS_AS(pipeline::answer_access_request(request), ConfigError);
  REQUIRE(desk.audit.events().size() == 1);
  CHECK(desk.audit.events()[0].details.find("error_class") != nullptr);
  CHECK(desk.audit.events()[0].details.at("files_scanned") == Json::array({"data/a.jsonl"}));
  CHECK(dump(desk.audit.events()[0].details).find("alice") == std::string::npos);

  request.query = "(a+)+$";
  request.type = compliance::IdentifierType::custom;
  desk.write("data/c.jsonl", std::string(100, 'a') + "b\n");
  request.files = {"data/c.jsonl"};
  CHECK_THROWS_AS(pipeline::answer_access_request(request), RunError);
  CHECK(desk.audit.events().size() == 2);
  request.query = "(";
  CHECK_THROWS_AS(pipeline::answer_access_request(request), ConfigError);
  CHECK(desk.audit.events().size() == 2);  // no request at all
}

TEST_CASE("access: hashes are found again, and excerpts can be left out") {
  Desk desk;
  fs::create_directory("out");
  const auto salt = compliance::salt_of("out");
  const std::string hash = compliance::identifier_hash(salt, "alice@example.com");
  desk.write("data/masked.jsonl", cat("{\"text\": \"by ", hash, "\"}\n{\"text\": \"alice@example.com\"}\n"));
  pipeline::AccessRequest request;
  request.query = "alice@example.com";
  request.salt_source = compliance::SaltSource::per_dir;
  request.output_dir = request.audit_dir = "out";
  request.files = {"data/masked.jsonl"};
  request.has_excerpts = false;
  request.open_audit = desk.open_audit();
  const Json document = pipeline::answer_access_request(request);
  CHECK(document.at("query_hash").text() == hash);
  CHECK(document.at("matches") == Json::array({Json::object({{"file", "data/masked.jsonl"}, {"line", 1}})}));
}
