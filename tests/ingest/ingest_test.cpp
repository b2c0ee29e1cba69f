// Whole runs: what rows carry, what a stopped run leaves and how it goes on, patterns that take too long.
#include "forgelm/ingest/ingest.hpp"

#include <fstream>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "ingest/row_output.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {

/// A folder of documents and the options to ingest it; warnings are kept instead of shown.
class Corpus {
 public:
  Corpus() {
    options.input = folder_ / "in";
    options.output = folder_ / "out.jsonl";
    before_ = set_log_sink([this](LogLevel, std::string_view line) { log += std::string(line) + "\n"; });
  }
  ~Corpus() { set_log_sink(before_); }
  Corpus(const Corpus&) = delete;
  Corpus& operator=(const Corpus&) = delete;

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((options.input / name).parent_path());
    write_file_durably(options.input / name, text);
  }
  std::string rows() const { return read_file(options.output); }
  fs::path beside(const char* extra) const { return options.output.native() + extra; }

  ingest::IngestOptions options;
  std::string log;

 private:
  test::TemporaryDirectory folder_{test::memory_directory()};
  LogSink before_;
};

}  // namespace

TEST_CASE("metadata tells the source, the headings above a row and the document's digest") {
  Corpus corpus;
  const std::string text = "# Guide\n\nFirst.\n\n## Part\n\nSecond http://x.y/z.\n";
  corpus.write("a/b.md", text);
  corpus.options.is_recursive = true;
  corpus.options.with_metadata = true;
  corpus.options.chunk_size = 1;
  corpus.options.urls = ingest::UrlRule::strip;
  ingest::ingest(corpus.options);
  const std::string digest = "sha256:" + sha256_hex(text);
  CHECK(corpus.rows() ==
        cat(R"({"text": "# Guide", "metadata": {"source": "a/b.md", "headings": ["Guide"], "digest": ")", digest,
            "\"}}\n", R"({"text": "First.", "metadata": {"source": "a/b.md", "headings": ["Guide"], "digest": ")",
            digest, "\"}}\n",
            R"({"text": "## Part", "metadata": {"source": "a/b.md", "headings": ["Guide", "Part"], "digest": ")",
            digest, "\"}}\n",
            R"({"text": "Second", "metadata": {"source": "a/b.md", "headings": ["Guide", "Part"], "digest": ")", digest,
            "\"}}\n"));
}

TEST_CASE("headings keep their places when text before them goes") {
  Corpus corpus;
  corpus.write("a.md", "x\n\nremove me\n\n# One\n\none\n\nremove me\n\n# Two\n\ntwo\n");
  corpus.options.with_metadata = true;
  corpus.options.chunk_size = 1;
  corpus.options.strip_patterns = {"^remove me\\n"};
  ingest::ingest(corpus.options);
  const std::string rows = corpus.rows();
  CHECK(rows.find(R"({"text": "one", "metadata": {"source": "a.md", "headings": ["One"])") != std::string::npos);
  CHECK(rows.find(R"({"text": "two", "metadata": {"source": "a.md", "headings": ["Two"])") != std::string::npos);
  CHECK(rows.find(R"({"text": "x", "metadata": {"source": "a.md", "digest")") != std::string::npos);
}

TEST_CASE("a provenance header begins every row, counts as a part of it, and is masked as it is") {
  Corpus corpus;
  corpus.write("a/jo@example.com.txt", "0123456789\n\n0123456789\n\n0123456789");
  corpus.options.is_recursive = true;
  corpus.options.provenance_header = "[@Memory:{path}]";
  corpus.options.chunk_size = 60;
  ingest::ingest(corpus.options);
  const std::string header = "[@Memory:a/jo@example.com.txt]\\n";
  CHECK(corpus.rows() ==
        cat("{\"text\": \"", header, "0123456789\\n\\n0123456789\"}\n{\"text\": \"", header, "0123456789\"}\n"));
  corpus.options.masks_pii = true;
  corpus.options.chunk_size = 1000;
  ingest::ingest(corpus.options);
  CHECK(corpus.rows().rfind(R"({"text": "[@Memory:a/[REDACTED]]\n0123456789)", 0) == 0);
  corpus.options.strategy = ingest::Strategy::sliding;
  corpus.options.masks_pii = false;
  corpus.options.chunk_size = 10;
  corpus.options.overlap = 5;
  ingest::ingest(corpus.options);  // a header longer than the row leaves room for one
  CHECK(corpus.rows().rfind(cat("{\"text\": \"", header, "0\"}\n{\"text\": \"", header, "1\"}\n"), 0) == 0);
  corpus.options.provenance_header = "two\nlines";
  CHECK_THROWS_AS(ingest::ingest(corpus.options), ConfigError);
  corpus.options.provenance_header = "x";
  corpus.options.strategy = ingest::Strategy::conversation;
  CHECK_THROWS_AS(ingest::ingest(corpus.options), ConfigError);
}

TEST_CASE("headings that would stand in very many rows end at a limit, and very many of them take linear time") {
  Corpus corpus;
  std::string long_one = "# " + std::string(100'000, 'h') + "\n", many;
  for (int i = 0; i < 2'000; ++i) long_one += "\n## s\n\nx\n";
  for (int i = 0; i < 100'000; ++i) many += "# s\n\nx\n\n";
  corpus.write("long.md", long_one);
  corpus.options.strategy = ingest::Strategy::markdown;
  corpus.options.chunk_size = 1;
  CHECK(ingest::ingest(corpus.options).num_files_skipped == 1);
  CHECK(corpus.log.find("its headings, which stand above every section below them, come to more than 64.0 MiB") !=
        std::string::npos);
  corpus.options.strategy = ingest::Strategy::paragraph;
  corpus.options.with_metadata = true;
  CHECK(ingest::ingest(corpus.options).num_files_skipped == 1);
  CHECK(corpus.log.find("its rows come to more than 16 times its text") != std::string::npos);
  corpus.write("long.md", many);
  CHECK(ingest::ingest(corpus.options).num_rows == 200'000);
}

TEST_CASE("the rows are the same whatever the number of threads") {
  Corpus corpus;
  for (int i = 0; i < 60; ++i)
    corpus.write(cat("f", i, ".txt"),
                 std::string(static_cast<std::size_t>(i * 37 % 101), 'x') + "\n\nend " + std::to_string(i));
  ingest::ingest(corpus.options);
  const std::string one = corpus.rows();
  corpus.options.num_threads = 7;
  ingest::ingest(corpus.options);
  CHECK(corpus.rows() == one);
  CHECK(one.find("end 59") != std::string::npos);
}

TEST_CASE("a pattern that takes too long is skipped on that document, and said") {
  Corpus corpus;
  corpus.write("a.txt", std::string(40, 'a') + "!c");
  corpus.write("b.txt", "b aaac b");
  corpus.options.strip_patterns = {"^(?:a|aa|a+|b)+c", "b"};
  const auto result = ingest::ingest(corpus.options);
  CHECK(corpus.rows() == "{\"text\": \"" + std::string(40, 'a') + "!c\"}\n{\"text\": \"aaac\"}\n");
  CHECK(result.document.at("strip_patterns_skipped").integer() == 1);
  CHECK(corpus.log.find("takes too long on this document and was skipped") != std::string::npos);
}

TEST_CASE("a document that cannot be read is left out, and the others are there") {
  Corpus corpus;
  corpus.write("a.txt", "first");
  fs::create_symlink("nowhere", corpus.options.input / "b.txt");
  corpus.write("c.txt", "third");
  const auto result = ingest::ingest(corpus.options);
  CHECK(corpus.rows() == "{\"text\": \"first\"}\n{\"text\": \"third\"}\n");
  CHECK(result.num_files_processed == 2);
}

TEST_CASE("a run that keeps what is done gives the same rows and leaves nothing beside them") {
  Corpus corpus;
  for (int i = 0; i < 9; ++i) corpus.write(cat(i, ".txt"), cat("document ", i));
  ingest::ingest(corpus.options);
  const std::string rows = corpus.rows();
  fs::remove(corpus.options.output);
  corpus.options.resumes = true;
  CHECK(ingest::ingest(corpus.options).num_files_resumed == 0);
  CHECK(corpus.rows() == rows);
  CHECK_FALSE(fs::exists(corpus.beside(".partial")));
  CHECK_FALSE(fs::exists(corpus.beside(".resume")));
}

TEST_CASE("kept rows are taken over only with the same options and files") {
  const test::TemporaryDirectory folder(test::memory_directory());
  const fs::path output = folder / "out.jsonl";
  const std::vector<ingest::InputFile> files = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  const Json identity = Json::object({{"size", 1}});
  ingest::Totals totals;
  totals.num_rows = 2;
  totals.formats[".txt"] = 1;
  totals.foreign_scripts.push_back(Json("x"));
  {
    auto first = ingest::resume_output(output, identity, files);
    CHECK(first.num_files_done == 0);
    first.output->write(std::string(std::size_t{17} << 20, 'r'), totals);  // enough to be saved
    first.output->write("lost\n", totals);
  }
  const auto log = set_log_sink([](LogLevel, std::string_view) {});
  std::vector<ingest::InputFile> changed = files;
  changed[0].stamp = "9";
  SECTION("the same") {
    auto again = ingest::resume_output(output, identity, files);
    CHECK(again.num_files_done == 1);
    CHECK(again.totals.num_rows == 2);
    CHECK(again.totals.formats.at(".txt") == 1);
    CHECK(again.totals.foreign_scripts.size() == 1);
    again.output->write("more\n", totals);
    again.output->commit();
    const std::string rows = read_file(output);
    CHECK(rows.size() == (std::size_t{17} << 20) + 5);
    CHECK(rows.ends_with("rmore\n"));
  }
  SECTION("a file changed") { CHECK(ingest::resume_output(output, identity, changed).num_files_done == 0); }
  SECTION("other options") {
    CHECK(ingest::resume_output(output, Json::object({{"size", 2}}), files).num_files_done == 0);
  }
  SECTION("a damaged state") {
    write_file_durably(output.native() + ".resume", "{\"identity\": 1");
    CHECK(ingest::resume_output(output, identity, files).num_files_done == 0);
  }
  SECTION("rows that are gone") {
    write_file_durably(output.native() + ".partial", "");
    CHECK(ingest::resume_output(output, identity, files).num_files_done == 0);
  }
  set_log_sink(log);
}
