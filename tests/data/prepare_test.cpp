// From job to examples: which rows are learnt and evaluated on, in which order; what is cached; what is refused; and
// that an interrupted preparation goes on to the same store. Tokens are words of a vocabulary of ten, so ids can be
// read.
#include "forgelm/data/prepare.hpp"

#include <cerrno>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::data {
namespace {

/// A model folder whose tokenizer gives n for the word "wn"; </s> is 1000.
class Project {
 public:
  Project() {
    std::string vocab;
    for (int i = 0; i < 1000; ++i) vocab += cat("\"w", i, "\": ", i, ", ");
    std::filesystem::create_directories(folder_ / "model");
    write_file_durably(
        folder_ / "model/tokenizer.json",
        cat(R"({"pre_tokenizer": {"type": "WhitespaceSplit"}, "added_tokens": [{"id": 1000, "content": "</s>",)",
            R"( "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}],)",
            R"( "model": {"type": "WordLevel", "unk_token": "w0", "vocab": {)", vocab, R"("</s>": 1000}}})"));
    write_file_durably(folder_ / "model/tokenizer_config.json", R"({"eos_token": "</s>"})");
    job.model.name_or_path = (folder_ / "model").string();
    job.data.shuffle = false;
    options.cache_folder = folder_ / "cache";
    options.num_threads = 2;
  }

  /// A data set of the texts "w<first> w<first+i>", i counting rows.
  std::string rows(const std::string& name, int first, int num_rows) {
    std::string text;
    for (int i = 0; i < num_rows; ++i) text += cat("{\"text\": \"w", first, " w", first + i, "\"}\n");
    write_file_durably(folder_ / name, text);
    return (folder_ / name).string();
  }

  /// Rows of three words each, no two the same, as what the job trains on.
  void write_numbered_rows(int num_rows) {
    std::string text;
    for (int i = 0; i < num_rows; ++i)
      text += cat("{\"text\": \"w", i % 1000, " w", (7 * i) % 1000, " w", i / 1000, "\"}\n");
    write_file_durably(path("rows.jsonl"), text);
    job.data.dataset_name_or_path = path("rows.jsonl").string();
  }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  config::JobConfig job;
  TokenizeOptions options;

 private:
  test::TemporaryDirectory folder_;
};

/// The second word of every example.
std::vector<int> words(const ExampleList& examples) {
  std::vector<int> out;
  for (std::uint64_t i = 0; i < examples.size(); ++i) out.push_back(examples.sequence(i).ids[1]);
  return out;
}

}  // namespace

TEST_CASE("Rows are held out as numpy's permutation says, and the rest keeps that order") {
  Project project;
  project.job.data.dataset_name_or_path = project.rows("train.jsonl", 0, 40);
  const PreparedData prepared = prepare(project.job, project.options);
  const std::vector<std::int64_t> order = Pcg64(42).permutation(40);
  std::vector<int> wanted(order.begin(), order.end());
  CHECK(words(*prepared.eval) == std::vector<int>(wanted.begin(), wanted.begin() + 4));
  CHECK(words(*prepared.train) == std::vector<int>(wanted.begin() + 4, wanted.end()));
  CHECK(prepared.eval_origin == "held out of the training rows");
}

TEST_CASE("A validation split is evaluated on whole, and the training rows stay as they are") {
  Project project;
  std::filesystem::create_directories(project.path("set"));
  project.rows("set/train.jsonl", 0, 5);
  project.rows("set/validation.jsonl", 100, 3);
  project.job.data.dataset_name_or_path = project.path("set").string();
  const PreparedData prepared = prepare(project.job, project.options);
  CHECK(words(*prepared.train) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(words(*prepared.eval) == std::vector<int>{100, 101, 102});
  CHECK(prepared.eval_origin == "validation split");
}

TEST_CASE("Further data sets are added, with an anchor as its weights say") {
  Project project;
  project.job.data.eval_split = "none";
  project.job.data.dataset_name_or_path = project.rows("a.jsonl", 0, 10);
  project.job.data.extra_datasets = std::vector<std::string>{project.rows("b.jsonl", 100, 20)};
  CHECK(words(*prepare(project.job, project.options).train).size() == 30);
  project.job.data.mix_ratio = std::vector<double>{1.0, 0.5};
  project.job.data.mix_strategy = config::MixStrategy::anchor;
  const std::vector<int> mixed = words(*prepare(project.job, project.options).train);
  // All ten of the first, and 10 * 0.5 / 1 of the second.
  CHECK(std::count_if(mixed.begin(), mixed.end(), [](int word) { return word < 100; }) == 10);
  CHECK(std::count_if(mixed.begin(), mixed.end(), [](int word) { return word >= 100; }) == 5);
}

TEST_CASE("Rows that give no example keep the places of the others") {
  Project project;
  project.job.data.eval_split = "none";
  project.job.data.length_policy = config::LengthPolicy::drop;
  project.job.model.max_length = 3;  // two words and the end
  write_file_durably(project.path("rows.jsonl"),
                     "{\"text\": \"w1 w1\"}\n{\"text\": \"w2 w2 w2 w2\"}\n{\"text\": \"w3 w3\"}\n");
  project.job.data.dataset_name_or_path = project.path("rows.jsonl").string();
  const PreparedData prepared = prepare(project.job, project.options);
  CHECK(words(*prepared.train) == std::vector<int>{1, 3});
  const DataReport& report = prepared.sources[0].tokens.report;
  CHECK(report.num_rows == 3);
  CHECK(report.num_kept == 2);
  CHECK(report.dropped == Counts{{"longer than model.max_length", 1}});
  CHECK(report.num_tokens == 6);
  CHECK(report.num_learnt_tokens == 4);  // the first token of each is predicted by nothing
}

TEST_CASE("What was prepared is found again, and other rules make other tokens") {
  Project project;
  project.job.data.dataset_name_or_path = project.rows("train.jsonl", 0, 10);
  CHECK_FALSE(prepare(project.job, project.options).sources[0].tokens.was_cached);
  CHECK(prepare(project.job, project.options).sources[0].tokens.was_cached);
  project.job.data.add_eos = false;
  CHECK_FALSE(prepare(project.job, project.options).sources[0].tokens.was_cached);
  project.rows("train.jsonl", 0, 11);  // the same path with other content
  CHECK_FALSE(prepare(project.job, project.options).sources[0].tokens.was_cached);
}

TEST_CASE("A bad row stops the job with its file and line, and leaves nothing in the cache that is whole") {
  Project project;
  write_file_durably(project.path("rows.jsonl"), "{\"text\": \"w1 w1\"}\n{\"text\": 7}\n{\"text\": \n");
  project.job.data.dataset_name_or_path = project.path("rows.jsonl").string();
  try {
    prepare(project.job, project.options);
    FAIL("prepared");
  } catch (const ConfigError& error) {
    std::set<int> lines;
    for (const auto& problem : error.diagnostics()) lines.insert(problem.spot.line);
    CHECK(lines == std::set<int>{2, 3});
  }
  write_file_durably(project.path("rows.jsonl"), "{\"text\": \"w1 w1\"}\n{\"text\": \"w2 w2\"}\n");
  CHECK_FALSE(prepare(project.job, project.options).sources[0].tokens.was_cached);
}

TEST_CASE("A job without anything to learn is refused") {
  Project project;
  write_file_durably(project.path("rows.jsonl"), "{\"text\": \"w1\"}\n");
  project.job.data.dataset_name_or_path = project.path("rows.jsonl").string();
  project.job.data.add_eos = false;
  CHECK_THROWS_WITH(prepare(project.job, project.options), Catch::Contains("nothing would be learnt"));
}

TEST_CASE("Prompts for GRPO are not examples with nothing to learn") {
  Project project;
  project.job.training.trainer_type = config::TrainerType::grpo;
  write_file_durably(project.path("rows.jsonl"), "{\"prompt\": \"w1 w2\", \"gold_answer\": \"w3\"}\n");
  project.job.data.dataset_name_or_path = project.path("rows.jsonl").string();
  const PreparedData prepared = prepare(project.job, project.options);
  CHECK(prepared.train->size() == 1);
  CHECK(prepared.train->extra(0) == R"({"gold_answer": "w3"})");
  CHECK(prepared.sources[0].tokens.report.num_unlearnt == 0);
}

TEST_CASE("The result does not depend on the number of threads") {
  Project project;
  project.write_numbered_rows(60000);
  const std::string two = prepare(project.job, project.options).train->digest();
  project.options.num_threads = 1;
  project.options.cache_folder = project.path("other cache");
  CHECK(prepare(project.job, project.options).train->digest() == two);
}

TEST_CASE("An interrupted preparation goes on, and ends with what an uninterrupted one gives") {
  Project project;
  project.write_numbered_rows(200000);
  project.options.store.segment_bytes = 1 << 16;
  failpoint::count_passages(true);
  const PreparedData whole = prepare(project.job, project.options);
  const std::size_t num_renames = failpoint::num_passages("durable.rename");
  failpoint::disarm_all();
  REQUIRE(num_renames > 4);

  project.options.cache_folder = project.path("other cache");
  failpoint::arm("durable.rename", failpoint::Action::error, ENOSPC, static_cast<int>(num_renames) / 2);
  try {
    prepare(project.job, project.options);
    FAIL("prepared on a full disk");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::out_of_disk);
  }
  failpoint::disarm_all();
  failpoint::count_passages(true);
  const PreparedData second = prepare(project.job, project.options);
  const std::size_t num_left = failpoint::num_passages("durable.rename");
  failpoint::disarm_all();
  CHECK(second.train->digest() == whole.train->digest());
  CHECK(second.sources[0].tokens.report.to_state() == whole.sources[0].tokens.report.to_state());
  CHECK(num_left < num_renames);  // segments that were written are not written again

  // The same by request: half of the blocks are done, the rest is for the next run.
  project.options.cache_folder = project.path("third cache");
  int num_asked = 0;
  project.options.wants_stop = [&] { return ++num_asked < 0; };
  prepare(project.job, project.options);
  const int num_blocks = num_asked;
  REQUIRE(num_blocks > 4);
  project.options.cache_folder = project.path("fourth cache");
  num_asked = 0;
  project.options.wants_stop = [&] { return ++num_asked == num_blocks / 2; };
  try {
    prepare(project.job, project.options);
    FAIL("was not interrupted");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::interrupted);
    CHECK(error.exit_code() == ExitCode::interrupted);
  }
  project.options.wants_stop = {};
  CHECK(prepare(project.job, project.options).train->digest() == whole.train->digest());
}

TEST_CASE("A report comes back from its state whole") {
  DataReport report;
  report.row_format = "alpaca";
  report.num_rows = 7;
  report.num_kept = 5;
  report.dropped["empty"] = 2;
  report.notes["odd"] = 1;
  report.num_samples = 6;
  report.num_truncated = 3;
  report.num_split = 4;
  for (const std::uint64_t length : {0u, 5u, 2047u, 2048u, 100000u}) report.count_example(length, length / 2);
  const DataReport back = DataReport::from_state(report.to_state());
  CHECK(back.to_json() == report.to_json());
  CHECK(back.to_state() == report.to_state());
  CHECK_THROWS_AS(DataReport::from_state(Json::object({{"row_format", "x"}})), RunError);
}

}  // namespace forgelm::data
