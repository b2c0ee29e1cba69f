// Checkpoints: what counts as one, and what is found when it is damaged, foreign or hostile. What kills and failures
// leave is in checkpoint_crash_test.cpp.
#include "forgelm/formats/checkpoint_folder.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <functional>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "formats/checkpoint_support.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using namespace forgelm::test;
namespace fs = std::filesystem;

namespace {

/// Keeps the log's lines.
class Lines {
 public:
  Lines() : before_(set_log_sink([this](LogLevel, std::string_view line) { text_.append(line).append("\n"); })) {}
  ~Lines() { set_log_sink(before_); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  LogSink before_;
};

}  // namespace

TEST_CASE("checkpoint_folder: what is committed is listed by step, verifies and carries what was said about it") {
  const TemporaryDirectory run;
  CHECK(list_checkpoints(run.path()).empty());
  CHECK(list_checkpoints(run / "none").empty());
  CHECK_FALSE(newest_checkpoint(run.path()).has_value());
  CHECK(save(run.path(), 10, "ten") == run / "checkpoint-10");
  save(run.path(), 9, "nine");
  save(run.path(), 0, "zero");
  CHECK(steps_in(run.path()) == Steps{0, 9, 10});
  CHECK(content_of(run / "checkpoint-9") == "nine");
  CHECK(verify_checkpoint(run / "checkpoint-10").empty());
  const auto newest = newest_checkpoint(run.path());
  REQUIRE(newest.has_value());
  CHECK(newest->step == 10);
  CHECK(newest->path == run / "checkpoint-10");
  CHECK(newest->about == Json::object({{"content", "ten"}}));
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-0", "checkpoint-10", "checkpoint-9"});
}

TEST_CASE("checkpoint_folder: COMMITTED is JSON that other tools can check the files with") {
  const TemporaryDirectory run;
  save(run.path(), 3, "x");
  const Json document = parse_json(read_file(run / "checkpoint-3/COMMITTED")).value();
  CHECK(document.at("format_version") == Json(1));
  CHECK(document.at("step") == Json(3));
  const auto& files = document.at("files").items();
  REQUIRE(files.size() == 2);
  CHECK(files[0].at("file").text() == "adapter/weights");
  CHECK(files[0].at("size_bytes").integer() == 3001);
  CHECK(files[0].at("sha256").text() == sha256_hex(std::string(3000, 'w') + "x"));
  CHECK(files[1].at("file").text() == "trainer_state.json");
}

TEST_CASE("checkpoint_folder: without commit nothing stays, and a commit happens once") {
  const TemporaryDirectory run;
  {
    const CheckpointWriter writer(run.path(), 1);
    write_file_durably(writer.staging() / "file", "x");
    CHECK(fs::exists(writer.staging() / "file"));
    CHECK(steps_in(run.path()).empty());
  }
  CHECK(names_in(run.path()).empty());
  CheckpointWriter writer(run.path(), 1);
  write_file_durably(writer.staging() / "file", "x");
  CheckpointWriter moved = std::move(writer);
  moved.commit(Json::object());
  CHECK(moved.staging().empty());
  CHECK_THROWS_AS(moved.commit(Json::object()), RunError);
  CHECK(steps_in(run.path()) == Steps{1});
}

TEST_CASE("checkpoint_folder: a checkpoint of the same step is replaced, on file systems that exchange and on others") {
  const DisarmAtEnd disarm;
  for (const bool can_exchange : {true, false}) {
    const TemporaryDirectory run;
    save(run.path(), 5, "old");
    if (!can_exchange) failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL);
    save(run.path(), 5, "new");
    CHECK(content_of(run / "checkpoint-5") == "new");
    CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-5"});
  }
}

TEST_CASE("checkpoint_folder: what others put under a name of ours is moved, not lost") {
  const TemporaryDirectory run;
  fs::create_directory(run / "checkpoint-5");
  write_file_durably(run / "checkpoint-5/optimizer.pt", "theirs");
  fs::create_directory(run / "elsewhere");
  write_file_durably(run / "elsewhere/file", "theirs");
  fs::create_directory_symlink(run / "elsewhere", run / "checkpoint-6");
  fs::create_directory(run / "checkpoint-5.moved-1");
  const Lines lines;
  save(run.path(), 5, "ours");
  save(run.path(), 6, "ours");
  CHECK(steps_in(run.path()) == Steps{5, 6});
  CHECK(read_file(run / "checkpoint-5.moved-2/optimizer.pt") == "theirs");
  CHECK(fs::is_symlink(run / "checkpoint-6.moved-1"));
  CHECK(read_file(run / "elsewhere/file") == "theirs");
  CHECK_THAT(lines.text(), Catch::Contains("checkpoint-5.moved-2 now"));
}

TEST_CASE("checkpoint_folder: links and special files are not taken into a checkpoint") {
  for (const bool is_link : {true, false}) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 1);
    const fs::path entry = writer.staging() / "entry";
    if (is_link) fs::create_symlink("/etc/hostname", entry);
    else REQUIRE(::mkfifo(entry.c_str(), 0600) == 0);
    CHECK_THROWS_WITH(writer.commit(Json::object()), Catch::Contains("entry is no regular file"));
    CHECK(steps_in(run.path()).empty());
  }
}

TEST_CASE("checkpoint_folder: names that only look like ours are no checkpoints") {
  const TemporaryDirectory run;
  const fs::path good = save(run.path(), 7, "seven");
  for (const char* name :
       {"checkpoint-007", "checkpoint-abc", "checkpoint-", "checkpoint--7", "checkpoint-7 ", "checkpoint-7.moved-1",
        "Checkpoint-7", "checkpoint-+7", "checkpoint-7x", "checkpoint-99999999999999999999", ".checkpoint-8"})
    fs::copy(good, run / name, fs::copy_options::recursive);
  write_file_durably(run / "checkpoint-11", "a file");
  fs::create_directory_symlink("checkpoint-7", run / "checkpoint-12");
  fs::create_directory(run / "checkpoint-13");
  fs::copy(good, run / "checkpoint-14", fs::copy_options::recursive);  // step 7 under another step's name
  CHECK(steps_in(run.path()) == Steps{7});
  const Lines lines;
  CHECK(newest_checkpoint(run.path()).value().step == 7);
  CHECK_THAT(lines.text(), Catch::Contains("checkpoint-13: there is no COMMITTED file"));
  CHECK_THAT(lines.text(), Catch::Contains("named for step 14 and was written at step 7"));
  CHECK(read_checkpoint(run / ".checkpoint-8").value().step == 7);  // a copy may have any other name
}

TEST_CASE("checkpoint_folder: every difference from what was written is found and named") {
  struct Damage {
    const char* name;
    std::function<void(const fs::path&)> inflict;
    const char* message;
    bool is_seen_by_list;
  };
  const auto put = [](const char* name, const char* text) {
    return [=](const fs::path& folder) { write_file_durably(folder / name, text); };
  };
  const Damage damages[] = {
      {"changed byte", put("trainer_state.json", "nxne"), "trainer_state.json has other bytes", false},
      {"truncated", put("trainer_state.json", "nin"), "trainer_state.json has 3 bytes instead of 4", true},
      {"missing", [](const fs::path& at) { fs::remove(at / "adapter/weights"); }, "adapter/weights is missing", true},
      {"missing folder", [](const fs::path& at) { fs::remove_all(at / "adapter"); }, "weights is missing", true},
      {"added", put("notes.txt", "x"), "\"notes.txt\" is not listed", true},
      {"added below", put("adapter/notes.txt", "x"), "\"adapter/notes.txt\" is not listed", true},
      {"a link instead",
       [](const fs::path& at) {
         fs::rename(at / "trainer_state.json", at.parent_path() / "outside");
         fs::create_symlink("../outside", at / "trainer_state.json");
       },
       "trainer_state.json is not a regular file", true},
      {"a pipe instead",
       [](const fs::path& at) {
         fs::remove(at / "trainer_state.json");
         REQUIRE(::mkfifo((at / "trainer_state.json").c_str(), 0600) == 0);
       },
       "trainer_state.json is not a regular file", true},
      {"COMMITTED missing", [](const fs::path& at) { fs::remove(at / "COMMITTED"); }, "there is no COMMITTED", true},
      {"COMMITTED a pipe",
       [](const fs::path& at) {
         fs::remove(at / "COMMITTED");
         REQUIRE(::mkfifo((at / "COMMITTED").c_str(), 0600) == 0);
       },
       "COMMITTED is not a regular file", true},
      {"COMMITTED empty", put("COMMITTED", ""), "COMMITTED: line 1", true},
      {"COMMITTED edited",
       [](const fs::path& at) {
         std::string text = read_file(at / "COMMITTED");
         text.replace(text.find("nine"), 4, "none");
         write_file_durably(at / "COMMITTED", text);
       },
       "COMMITTED: it is not what was written", true},
  };
  for (const Damage& damage : damages) {
    INFO(damage.name);
    const TemporaryDirectory run(memory_directory());
    save(run.path(), 8, "eight");
    const fs::path newest = save(run.path(), 9, "nine");
    damage.inflict(newest);
    const auto problems = verify_checkpoint(newest);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0], Catch::Contains(damage.message));
    CHECK(steps_in(run.path()) == (damage.is_seen_by_list ? Steps{8} : Steps{8, 9}));
    const Lines lines;
    const auto found = newest_checkpoint(run.path());
    REQUIRE(found.has_value());
    CHECK(found->step == 8);
    CHECK_THAT(lines.text(), Catch::Contains("checkpoint-9") && Catch::Contains(damage.message));
  }
}

TEST_CASE("checkpoint_folder: a hostile COMMITTED is refused, however its own digest looks") {
  const std::string sha(64, 'a');
  const auto file = [&](const std::string& name, Json size = 1) {
    return Json::object({{"file", name}, {"size_bytes", std::move(size)}, {"sha256", sha}});
  };
  const auto document = [](Json files) {
    return Json::object({{"format_version", 1}, {"step", 1}, {"about", Json::object()}, {"files", std::move(files)}});
  };
  const auto sealed = [](Json value) {
    const std::string digest = sha256_hex(dump(value, {.compact = true}));
    return dump(value.set("sha256", digest));
  };
  Json other_version = document(Json::array());
  other_version.set("format_version", 2);
  Json unknown = document(Json::array());
  unknown.set("extra", 1);
  Json negative = document(Json::array());
  negative.set("step", -1);
  const std::pair<std::string, const char*> cases[] = {
      {sealed(document(Json::array({file("../../etc/passwd")}))), "not a plain path inside"},
      {sealed(document(Json::array({file("a/../../b")}))), "not a plain path inside"},
      {sealed(document(Json::array({file("./a")}))), "not a plain path inside"},
      {sealed(document(Json::array({file("a//b")}))), "not a plain path inside"},
      {sealed(document(Json::array({file("/etc/passwd")}))), "not a relative path"},
      {sealed(document(Json::array({file("")}))), "not a relative path"},
      {sealed(document(Json::array({file(std::string("a\0b", 3))}))), "a null character"},
      {sealed(document(Json::array({file("COMMITTED")}))), "lists itself"},
      {sealed(document(Json::array({file("a"), file("a")}))), "in order, each once"},
      {sealed(document(Json::array({file("b"), file("a")}))), "in order, each once"},
      {sealed(document(Json::array({file("a", -1)}))), "the size or the SHA-256"},
      {sealed(document(Json::array({file("a", 1e300)}))), "integer"},
      {sealed(document(Json::array({file("a", "1")}))), "integer"},
      {sealed(document(Json::array({"a"}))), "object"},
      {sealed(document(Json::object())), "array"},
      {sealed(other_version), "format_version is 2"},
      {sealed(unknown), "unknown members"},
      {sealed(negative), "step is negative"},
      {dump(document(Json::array())), "does not end with its own sha256"},
      {"[]", "object"},
      {"{}", "format_version"},
      {"{\"step\": 1, \"step\": 2}", "step"},
      {std::string(100000, '['), "line 1"},
      {"{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}", "line 1"},
      {std::string((std::size_t{16} << 20) + 1, ' '), "holds more than"},
      {"\xff\xfe", "line 1"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text.substr(0, 300) << " -> " << message);
    const TemporaryDirectory run(memory_directory());
    const Lines lines;
    fs::create_directory(run / "checkpoint-1");
    write_file_durably(run / "checkpoint-1/COMMITTED", text);
    const auto problems = verify_checkpoint(run / "checkpoint-1");
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0], Catch::Contains(message));
    CHECK(list_checkpoints(run.path()).empty());
    CHECK_FALSE(newest_checkpoint(run.path()).has_value());
  }
  // Thousands of faults are not thousands of lines.
  const TemporaryDirectory run;
  fs::create_directory(run / "checkpoint-1");
  Json files = Json::array();
  for (int i = 10000; i < 20000; ++i) files.push(file(std::to_string(i)));
  write_file_durably(run / "checkpoint-1/COMMITTED", sealed(document(std::move(files))));
  CHECK(verify_checkpoint(run / "checkpoint-1").size() == 21);
}

TEST_CASE("checkpoint_folder: what could not be read back is not committed") {
  const TemporaryDirectory run;
  Json deep = Json::array();
  for (int i = 0; i < 60; ++i) deep = Json::array({deep});
  for (const Json& about : {Json::object({{"deep", deep}}), Json(), Json::array()}) {
    CheckpointWriter writer(run.path(), 1);
    write_file_durably(writer.staging() / "file", "x");
    CHECK_THROWS_WITH(writer.commit(about), Catch::Contains("cannot be read back"));
  }
  {
    CheckpointWriter writer(run.path(), 1);
    write_file_durably(writer.staging() / "bad\xff", "x");
    CHECK_THROWS_WITH(writer.commit(Json::object()), Catch::Contains("cannot be read back"));
  }
  CHECK(names_in(run.path()).empty());
}

TEST_CASE("checkpoint_folder: removing takes whole checkpoints of ours and nothing else") {
  const TemporaryDirectory run;
  save(run.path(), 1, "one");
  save(run.path(), 2, "two");
  fs::create_directory(run / "checkpoint-3");
  write_file_durably(run / "checkpoint-3/optimizer.pt", "theirs");
  fs::create_directory_symlink("checkpoint-1", run / "checkpoint-4");
  remove_checkpoint(run / "checkpoint-2/");
  CHECK(steps_in(run.path()) == Steps{1});
  for (const char* name : {"checkpoint-2", "checkpoint-3", "checkpoint-4", ""})
    CHECK_THROWS_WITH(remove_checkpoint(run / name), Catch::Contains("is not a checkpoint of this program"));
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-1", "checkpoint-3", "checkpoint-4"});
  CHECK(content_of(run / "checkpoint-1") == "one");
}
