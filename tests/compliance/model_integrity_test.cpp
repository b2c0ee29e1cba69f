// model_integrity.json against the reference's verdicts (tests/golden/model_integrity), and by rule: every kind of
// file, every bit of a model, every cut of a manifest.
#include "forgelm/compliance/model_integrity.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>

#include "compliance/integrity_manifest.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::compliance;
using Catch::Contains;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests/golden/model_integrity";

/// A model directory for one test.
class Model {
 public:
  Model() { fs::create_directory(path()); }
  fs::path path() const { return folder_ / "model"; }
  fs::path operator/(const std::string& name) const { return path() / name; }
  fs::path outside(const std::string& name) const { return folder_ / name; }

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << bytes;
  }
  WrittenIntegrity attest() const {
    ModelFolder folder(path());
    return write_model_integrity(folder, "out/final_model");
  }
  IntegrityReport verify() const { return verify_model_integrity(path()); }
  Json manifest() const { return parse_json(read_file(path() / kModelIntegrityFile)).value(); }
  std::string refusal() const {
    try {
      attest();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "written";
  }

 private:
  test::TemporaryDirectory folder_{test::memory_directory()};
};

void check_report(const IntegrityReport& report, const Names& changed, const Names& removed, const Names& added) {
  CHECK(report.changed == changed);
  CHECK(report.removed == removed);
  CHECK(report.added == added);
  CHECK(report.verdict ==
        (changed.empty() && removed.empty() && added.empty() ? IntegrityVerdict::intact : IntegrityVerdict::differs));
}

ExitCode exit_of(const IntegrityReport& report) {
  return report.verdict == IntegrityVerdict::intact    ? ExitCode::ok
         : report.verdict == IntegrityVerdict::differs ? ExitCode::integrity_failure
                                                       : ExitCode::config_error;
}

Names names_of(const Json& list) {
  Names names;
  for (const Json& name : list.items()) names.push_back(name.text());
  return names;
}

}  // namespace

TEST_CASE("model integrity: verdicts on manifests of the reference are the reference's") {
  // Its slips: an export in the directory is reported as added, a name that is not plain as two files; a manifest that
  // lists a file twice is two opinions about it and not usable.
  const std::map<std::string, ExitCode> mended = {{"an export in the directory", ExitCode::ok},
                                                  {"the same file twice", ExitCode::config_error},
                                                  {"a path that is not plain", ExitCode::config_error}};
  std::size_t num_rows = 0;
  for (const std::string& line : split(trim(read_file(kGolden / "verdicts.jsonl")), '\n')) {
    const Json row = parse_json(line).value();
    const std::string& name = row.at("case").text();
    CAPTURE(name);
    const Model model;
    for (const auto& [file, text] : row.at("files").members()) model.write(file, text.text());
    model.write(kModelIntegrityFile, hex_decode(row.at("manifest").text()).value());
    const auto rule = mended.find(name);
    const auto expected = rule != mended.end() ? rule->second : static_cast<ExitCode>(row.at("exit").integer());
    const Json& document = row.at("document");
    ++num_rows;
    if (document.find("valid") == nullptr) {
      CHECK(expected == ExitCode::config_error);
      CHECK_THROWS_AS(model.verify(), ConfigError);
      continue;
    }
    const IntegrityReport report = model.verify();
    CHECK(exit_of(report) == expected);
    CHECK_FALSE(report.reason.empty());
    if (rule != mended.end()) continue;
    CHECK(report.changed == names_of(document.at("changed")));
    CHECK(report.removed == names_of(document.at("removed")));
    CHECK(report.added == names_of(document.at("added")));
    CHECK(static_cast<std::int64_t>(report.num_verified) == document.at("verified_count").integer());
    if (report.verdict != IntegrityVerdict::unusable) CHECK(report.reason == document.at("reason").text());
  }
  CHECK(num_rows == 28);
}

TEST_CASE("model integrity: the manifest has the reference's keys and order, and where the model will lie") {
  test::FakeEnvironment environment;
  environment.now = UtcTime{1795046400000001};
  const ScopedEnvironment scope(environment);
  const Model model;
  model.write("b.bin", "bb");
  model.write("a/c.json", "{}");
  CHECK(model.attest().num_artifacts == 2);
  const Json manifest = model.manifest();
  Names keys;
  for (const auto& member : manifest.members()) keys.push_back(member.first);
  CHECK(keys == Names{"verified_at", "model_path", "artifacts", "manifest_hash"});
  CHECK(manifest.at("verified_at").text() == iso_format(environment.now));
  CHECK(manifest.at("model_path").text() == "out/final_model");
  CHECK(dump(manifest.at("artifacts").items()[0]) ==
        cat(R"({"file": "a/c.json", "sha256": ")", sha256_hex("{}"), R"(", "size_bytes": 2})"));
  CHECK(manifest.at("artifacts").items()[1].at("file").text() == "b.bin");
  check_report(model.verify(), {}, {}, {});
}

TEST_CASE("model integrity: a second manifest of the same directory verifies, since it never lists itself") {
  const Model model;
  model.write("weights", "w");
  model.write(kModelSignatureFile, "a signature of before");
  CHECK(model.attest().num_artifacts == 1);
  CHECK(model.attest().num_artifacts == 1);
  check_report(model.verify(), {}, {}, {});
  CHECK(model.verify().num_verified == 1);
}

TEST_CASE("model integrity: a manifest is replaced whole or not at all") {
  const Model model;
  model.write("weights", "w");
  model.attest();
  const std::string before = read_file(model / kModelIntegrityFile);
  model.write("weights", "new");
  for (const char* point : {"durable.create", "durable.write", "durable.sync", "durable.rename"}) {
    CAPTURE(point);
    failpoint::arm(point, failpoint::Action::error, ENOSPC);
    CHECK_THROWS_AS(model.attest(), RunError);
    failpoint::disarm_all();
    CHECK(read_file(model / kModelIntegrityFile) == before);
    check_report(model.verify(), {"weights"}, {}, {});
  }
  // What a killed writer left of a manifest does not get into the next one.
  model.write(cat(".", kModelIntegrityFile, ".forgelm-999999999-1.tmp"), "half of a manifest");
  CHECK(model.attest().num_artifacts == 1);
  check_report(model.verify(), {}, {}, {});
}

TEST_CASE("model integrity: files that came, went or changed their name are told apart") {
  const Model model;
  model.write("config.json", "{}");
  model.write("model.bin", "weights");
  model.write("empty", "");
  model.write(std::string(255, 'n'), "long name");
  model.write("odd \n name", "x");
  model.attest();
  CHECK(model.verify().num_verified == 5);

  SECTION("added") {
    model.write("sub/new", "");
    check_report(model.verify(), {}, {}, {"sub/new"});
  }
  SECTION("removed") {
    fs::remove(model / "empty");
    check_report(model.verify(), {}, {"empty"}, {});
  }
  SECTION("renamed") {
    fs::rename(model / "config.json", model / "configuration.json");
    check_report(model.verify(), {}, {"config.json"}, {"configuration.json"});
  }
  SECTION("renamed in case only") {
    fs::rename(model / "model.bin", model / "Model.bin");
    check_report(model.verify(), {}, {"model.bin"}, {"Model.bin"});
  }
  SECTION("a directory in a file's place") {
    fs::remove(model / "empty");
    model.write("empty/inner", "");
    check_report(model.verify(), {}, {"empty"}, {"empty/inner"});
  }
  SECTION("a longer empty file") {
    fs::resize_file(model / "empty", std::uintmax_t{1} << 20);  // sparse
    check_report(model.verify(), {"empty"}, {}, {});
  }
  SECTION("an empty directory says nothing") {
    fs::create_directory(model / "nothing");
    check_report(model.verify(), {}, {}, {});
  }
}

TEST_CASE("model integrity: names that differ in case only are two files, with a warning") {
  const Model model;
  model.write("model.bin", "a");
  model.write("Model.bin", "b");
  std::vector<std::string> lines;
  const LogSink before = set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  model.attest();
  set_log_sink(before);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("\"Model.bin\" and \"model.bin\" differ in case only"));
  check_report(model.verify(), {}, {}, {});
  model.write("Model.bin", "c");
  check_report(model.verify(), {"Model.bin"}, {}, {});
}

TEST_CASE("model integrity: a link inside is an artifact, one out of the directory is recorded by its target") {
  const Model model;
  model.write("real", "r");
  model.write("sub/file", "f");
  std::ofstream(model.outside("shared")) << "s";
  fs::create_symlink("real", model / "inside");
  fs::create_symlink("../shared", model / "outside");
  fs::create_symlink("nowhere", model / "broken");
  fs::create_symlink("sub", model / "folder");
  const WrittenIntegrity written = model.attest();
  CHECK(written.num_artifacts == 3);
  CHECK(written.skipped_links == Names{"broken", "folder", "outside"});
  const Json manifest = model.manifest();
  CHECK(names_of(manifest.at("skipped_symlinks")) == written.skipped_links);
  CHECK(manifest.at("link_targets").at("outside").text() == "../shared");
  IntegrityReport report = model.verify();
  check_report(report, {}, {}, {});
  CHECK(report.skipped_links == written.skipped_links);

  SECTION("what it leads to outside is not attested") {
    std::ofstream(model.outside("shared")) << "other";
    check_report(model.verify(), {}, {}, {});
  }
  SECTION("a changed target is a change") {
    fs::remove(model / "outside");
    fs::create_symlink("../elsewhere", model / "outside");
    check_report(model.verify(), {"outside"}, {}, {});
  }
  SECTION("a link that went is removed") {
    fs::remove(model / "outside");
    check_report(model.verify(), {}, {"outside"}, {});
  }
  SECTION("a file in a link's place is added") {
    fs::remove(model / "outside");
    model.write("outside", "s");
    check_report(model.verify(), {}, {}, {"outside"});
  }
  SECTION("a file that became a link out of the directory is changed, even to the same bytes") {
    std::ofstream(model.outside("copy")) << "r";
    fs::remove(model / "real");
    fs::create_symlink("../copy", model / "real");
    check_report(model.verify(), {"inside", "real"}, {}, {});
  }
  SECTION("a directory that became a link is not walked") {
    fs::rename(model / "sub", model.outside("sub"));
    fs::create_symlink("../sub", model / "sub");
    check_report(model.verify(), {}, {"sub/file"}, {"sub"});
  }
  SECTION("a new link is added, wherever it leads") {
    fs::create_symlink("real", model / "second");
    fs::create_symlink(".", model / "self");
    check_report(model.verify(), {}, {}, {"second", "self"});
  }
  SECTION("a manifest of the reference has the names and no targets") {
    Json old = Json::object();
    for (const auto& [key, value] : manifest.members())
      if (key != "link_targets" && key != "manifest_hash") old.set(key, value);
    model.write(kModelIntegrityFile, dump(old));
    check_report(model.verify(), {}, {}, {});
  }
}

TEST_CASE("model integrity: a hard link is a file under each of its names") {
  const Model model;
  model.write("one", "same");
  fs::create_hard_link(model / "one", model / "two");
  CHECK(model.attest().num_artifacts == 2);
  check_report(model.verify(), {}, {}, {});
  model.write("two", "both");
  check_report(model.verify(), {"one", "two"}, {}, {});
}

TEST_CASE("model integrity: pipes, sockets and devices are refused, reported and never opened") {
  const Model model;
  model.write("weights", "w");
  model.attest();
  // Opening a pipe for reading would wait for a writer for ever.
  SECTION("a pipe beside the files") {
    REQUIRE(::mkfifo((model / "pipe").c_str(), 0600) == 0);
    CHECK_THAT(model.refusal(), Contains("\"pipe\" is a pipe, a socket or a device"));
    check_report(model.verify(), {}, {}, {"pipe"});
    CHECK(model.verify().special_files == Names{"pipe"});
  }
  SECTION("a pipe in a file's place") {
    fs::remove(model / "weights");
    REQUIRE(::mkfifo((model / "weights").c_str(), 0600) == 0);
    check_report(model.verify(), {}, {"weights"}, {"weights"});
  }
  SECTION("a link to a pipe") {
    REQUIRE(::mkfifo(model.outside("pipe").c_str(), 0600) == 0);
    fs::create_symlink("../pipe", model / "link");
    check_report(model.verify(), {}, {}, {"link"});
    CHECK(model.attest().skipped_links == Names{"link"});
  }
  SECTION("a socket") {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (model / "s").native();
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK_THAT(model.refusal(), Contains("\"s\" is a pipe, a socket or a device"));
    check_report(model.verify(), {}, {}, {"s"});
    ::close(fd);
  }
  SECTION("a device, through a link") {
    fs::create_symlink("/dev/zero", model / "zero");
    CHECK(model.attest().skipped_links == Names{"zero"});
    check_report(model.verify(), {}, {}, {});
  }
  SECTION("the manifest itself is a pipe") {
    fs::remove(model / kModelIntegrityFile);
    REQUIRE(::mkfifo((model / kModelIntegrityFile).c_str(), 0600) == 0);
    CHECK_THROWS_WITH(model.verify(), Contains("is not a regular file"));
  }
}

TEST_CASE("model integrity: names that JSON or other readers cannot hold are refused, and reported as added") {
  const Model model;
  model.write("weights", "w");
  model.attest();
  SECTION("not UTF-8") {
    model.write("bad\xff", "x");
    CHECK_THAT(model.refusal(), Contains("has a name that is not UTF-8"));
    check_report(model.verify(), {}, {}, {"bad\xff"});
  }
  SECTION("a backslash") {
    model.write("a\\b", "x");
    CHECK_THAT(model.refusal(), Contains("has a backslash in its name"));
    check_report(model.verify(), {}, {}, {"a\\b"});
  }
}

TEST_CASE("model integrity: exported artifacts are verified, and so is the digest beside them") {
  const Model model;
  model.write("weights", "w");
  model.attest();
  Json manifest = model.manifest();
  const auto record = [&](const std::string& sha256) {
    Json document = Json::object();
    for (const auto& [key, value] : manifest.members())
      if (key != "manifest_hash") document.set(key, value);
    document.set("exported_artifacts",
                 Json::array({Json::object({{"file", "m.gguf"}, {"sha256", "of an earlier export"}}),
                              Json::object({{"file", "m.gguf"}, {"format", "gguf"}, {"sha256", sha256}}),
                              Json::object({{"file", "other.gguf"}, {"sha256", sha256}}), Json("nonsense")}));
    model.write(kModelIntegrityFile, dump(document));
  };
  model.write("m.gguf", "GGUF");
  model.write("m.gguf.sha256", sha256_hex("GGUF") + " *m.gguf\n");
  record(sha256_hex("GGUF"));
  const IntegrityReport report = model.verify();
  check_report(report, {}, {}, {});
  CHECK(report.num_verified == 2);
  CHECK(report.exported_apart == Names{"other.gguf"});
  model.write("m.gguf.sha256", sha256_hex("other") + "\n");
  check_report(model.verify(), {}, {}, {"m.gguf.sha256"});
  fs::remove(model / "m.gguf.sha256");
  model.write("m.gguf", "GGUG");
  check_report(model.verify(), {"m.gguf"}, {}, {});
}

TEST_CASE("model integrity: a directory that is none, holds nothing or has no manifest is told") {
  const Model model;
  CHECK_THROWS_WITH(verify_model_integrity(model / "none"), Contains("there is no model directory"));
  model.write("file", "");
  CHECK_THROWS_WITH(verify_model_integrity(model / "file"), Contains("is not a directory"));
  CHECK_THROWS_WITH(model.verify(), Contains("Integrity manifest not found: expected "));
  fs::remove(model / "file");
  CHECK_THAT(model.refusal(), Contains("holds no file"));
  CHECK_FALSE(fs::exists(model / kModelIntegrityFile));
}

TEST_CASE("model integrity: every bit of a model matters") {
  // 64 KiB in three files, one of them of one byte. All 524,288 flips are tools/flip_bits; here every 521st, and with
  // it every bit position of a byte.
  const Model model;
  std::string weights(60000, '\0');
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<char>(i * 2654435761u >> 13);
  const std::vector<std::pair<std::string, std::string>> files = {
      {"model.safetensors", weights}, {"sub/tokenizer.json", std::string(5535, 't')}, {"one", "1"}};
  for (const auto& [name, bytes] : files) model.write(name, bytes);
  model.attest();
  const char* every = std::getenv("FORGELM_FLIP_EVERY");
  const std::size_t stride = every != nullptr ? std::strtoul(every, nullptr, 10) : 521;
  REQUIRE(stride > 0);
  std::size_t bit = 0, num_flips = 0, num_found = 0;
  for (const auto& [name, bytes] : files) {
    std::fstream file(model / name, std::ios::in | std::ios::out | std::ios::binary);
    const auto put = [&](std::size_t at, char byte) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
      file.flush();
    };
    for (std::size_t i = 0; i < 8 * bytes.size(); ++i, ++bit) {
      if (bit % stride != 0 && !(name == "one")) continue;
      put(i / 8, static_cast<char>(bytes[i / 8] ^ (1 << i % 8)));
      const IntegrityReport report = model.verify();
      num_found += report.changed == Names{name} && report.removed.empty() && report.added.empty() ? 1 : 0;
      put(i / 8, bytes[i / 8]);
      ++num_flips;
    }
  }
  CHECK(num_flips >= 8 * 65536 / stride);
  CHECK(num_found == num_flips);
  check_report(model.verify(), {}, {}, {});
}

TEST_CASE("model integrity: every flipped bit and every cut of the manifest is found or makes it unusable") {
  const Model model;
  model.write("weights", "w");
  model.write("config.json", "{}");
  model.attest();
  const std::string manifest = read_file(model / kModelIntegrityFile);
  const auto passes = [&](const std::string& text) {
    model.write(kModelIntegrityFile, text);
    try {
      return model.verify().verdict == IntegrityVerdict::intact;
    } catch (const ConfigError&) {
      return false;
    }
  };
  REQUIRE(passes(manifest));
  for (std::size_t bit = 0; bit < 8 * manifest.size(); ++bit) {
    std::string flipped = manifest;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (passes(flipped)) FAIL("bit " << bit % 8 << " of byte " << bit / 8 << " does not matter: " << flipped);
  }
  for (std::size_t size = 0; size < manifest.size(); ++size)
    if (passes(manifest.substr(0, size))) FAIL("cut to " << size << " bytes it passes");
}

TEST_CASE("model integrity: hostile manifests cost little and are refused by name") {
  const auto problem_of = [](const std::string& text) {
    const auto parsed = parse_json(text, kManifestLimits);
    if (!parsed) return parsed.error().message;
    const auto manifest = read_integrity_manifest(*parsed);
    return manifest ? std::string("accepted") : manifest.error().message;
  };
  const auto listing = [](const std::string& name) {
    return cat(R"({"artifacts": [{"file": )", dump(Json(name)), R"(, "sha256": "x"}]})");
  };
  for (const std::string& name : {std::string(".."), std::string("../x"), std::string("a/../../x"), std::string("/x"),
                                  std::string(""), std::string("a//b"), std::string("./a"), std::string("a/"),
                                  std::string("..\\x"), std::string("a\0b", 3), std::string(5000, 'x')})
    CHECK_THAT(problem_of(listing(name)), Contains("escapes the model directory or is not plain"));
  CHECK(problem_of(listing("a/b")) == "accepted");
  CHECK_THAT(problem_of(R"({"artifacts": [{"file": "a"}, {"file": "a"}]})"), Contains("lists \"a\" twice"));
  CHECK_THAT(problem_of(R"({"artifacts": [{"file": "a\\b"}, {"file": "a/b"}]})"), Contains("lists \"a/b\" twice"));
  CHECK_THAT(problem_of(R"({"artifacts": [{"file": "a"}], "artifacts": []})"), Contains("artifacts"));
  CHECK_THAT(problem_of(R"({"artifacts": [{"file": "a"}], "extra": 1})"), Contains("\"extra\", which is not known"));
  CHECK_THAT(problem_of(std::string(100000, '[')), Contains("deep"));
  CHECK_THAT(problem_of(std::string(kMaxManifestBytes + 1, ' ')), Contains("bytes"));
}
