// Sixteen kinds of attack on a log, a hundred of each at random places: each is found with an anchor, and without one
// the report says that it cannot be excluded, or finds it too.
#include <functional>
#include <random>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/files.hpp"
#include "log_tools.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::compliance {
namespace {

using namespace test_tools;

constexpr int kNumTries = 100;
constexpr std::size_t kNumEntries = 24;
constexpr const char* kSecret = "a secret of the evening shift";

/// A log and its checkpoint after each entry.
struct Recorded {
  std::vector<std::string> lines;
  std::vector<std::string> checkpoints;
  std::string manifest;
};

Recorded record(const std::string& run_id, std::size_t num_entries, std::size_t num_shared = 0) {
  test::FakeEnvironment environment;
  environment.now = *parse_iso_time("2026-11-21T00:10:50.176945+00:00");
  environment.variables["FORGELM_AUDIT_SECRET"] = kSecret;
  const ScopedEnvironment scope(environment);
  const test::TemporaryDirectory folder(test::memory_directory());
  AuditLog log({.directory = folder.path(), .run_id = run_id});
  Recorded recorded;
  for (std::size_t i = 0; i < num_entries; ++i) {
    environment.now.microseconds += 1000003;
    const std::string model = i < num_shared ? "shared" : run_id;
    log.record({"pipeline.initialized", Json::object({{"model", cat(model, "-", i)}, {"trainer_type", "sft"}})});
    recorded.checkpoints.push_back(read_file(checkpoint_path(log.path().native())));
  }
  recorded.lines = lines_of(read_file(log.path()));
  recorded.manifest = read_file(log.path().native() + ".manifest.json");
  return recorded;
}

const Recorded& original() {
  static const Recorded recorded = record("fg-0123456789ab", kNumEntries);
  return recorded;
}

/// The same run up to the middle, another history after it: what a copied log that both sides extend becomes.
const Recorded& other_fork() {
  static const Recorded recorded = [] {
    Recorded fork = original();
    fork.lines.resize(kNumEntries / 2);
    test::FakeEnvironment environment;
    environment.now = *parse_iso_time("2026-11-22T00:00:00+00:00");
    environment.variables["FORGELM_AUDIT_SECRET"] = kSecret;
    const ScopedEnvironment scope(environment);
    const test::TemporaryDirectory folder(test::memory_directory());
    write_file_durably(folder / "audit_log.jsonl", log_of(fork.lines));
    write_file_durably(folder / "audit_log.jsonl.checkpoint", fork.checkpoints[kNumEntries / 2 - 1]);
    AuditLog log({.directory = folder.path(), .run_id = "fg-0123456789ab"});
    for (std::size_t i = kNumEntries / 2; i < kNumEntries; ++i) log.record({"training.started"});
    fork.lines = lines_of(read_file(log.path()));
    return fork;
  }();
  return recorded;
}

/// The files that an attacker who can write the directory leaves.
struct Attacked {
  std::string log;
  std::optional<std::string> checkpoint, manifest;
};

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end, std::size_t begin = 0) {
  return begin + static_cast<std::size_t>(random() % (end - begin));
}

/// The text of entry `at` changed in one character of its model.
void edit(std::vector<std::string>& lines, std::size_t at, Random& random) {
  auto [start, length] = place_of(lines[at], "model");
  char& c = lines[at][start + below(random, length)];
  c = c == 'z' ? 'y' : 'z';
}

struct Attack {
  const char* name;
  std::function<Attacked(Attacked, std::vector<std::string>, Random&)> make;
};

Attacked with_lines(Attacked files, const std::vector<std::string>& lines) {
  files.log = log_of(lines);
  return files;
}

const std::vector<Attack>& attacks() {
  using Lines = std::vector<std::string>;
  static const std::vector<Attack> all = {
      {"edit an entry",
       [](Attacked files, Lines lines, Random& random) {
         edit(lines, below(random, lines.size()), random);
         return with_lines(files, lines);
       }},
      {"edit an entry and write the chain anew",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size());
         edit(lines, at, random);
         rechain(lines, at);
         return with_lines(files, lines);
       }},
      {"delete from the middle",
       [](Attacked files, Lines lines, Random& random) {
         lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(below(random, lines.size() - 1)));
         return with_lines(files, lines);
       }},
      {"delete from the middle and write the chain anew",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size() - 1, 1);
         lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
         rechain(lines, at);
         return with_lines(files, lines);
       }},
      {"cut the end",
       [](Attacked files, Lines lines, Random& random) {
         lines.resize(below(random, lines.size(), 1));
         return with_lines(files, lines);
       }},
      {"cut the end and put the old checkpoint back",
       [](Attacked files, Lines lines, Random& random) {
         lines.resize(below(random, lines.size(), 1));
         files.checkpoint = original().checkpoints[lines.size() - 1];
         return with_lines(files, lines);
       }},
      {"cut within the last entries",
       [](Attacked files, Lines lines, Random& random) {
         files.log = log_of(lines);
         files.log.resize(files.log.size() - below(random, 900, 1));
         return files;
       }},
      {"swap two entries",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t a = below(random, lines.size()), b = (a + below(random, lines.size(), 1)) % lines.size();
         std::swap(lines[a], lines[b]);
         return with_lines(files, lines);
       }},
      {"repeat an entry",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size());
         lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
         return with_lines(files, lines);
       }},
      {"insert an entry and write the chain anew",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size(), 1);
         lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[below(random, lines.size())]);
         rechain(lines, at);
         return with_lines(files, lines);
       }},
      {"write the whole log anew, with all that stands beside it",
       [](Attacked, Lines, Random& random) {
         const Recorded forged = record(cat("fg-", random() % 1000), kNumEntries);
         return Attacked{log_of(forged.lines), forged.checkpoints.back(), forged.manifest};
       }},
      {"merge two forks",
       [](Attacked files, Lines lines, Random& random) {
         const auto& fork = other_fork().lines;
         const std::size_t num = below(random, fork.size() - kNumEntries / 2 + 1, 1);
         lines.insert(lines.end(), fork.begin() + kNumEntries / 2,
                      fork.begin() + static_cast<std::ptrdiff_t>(kNumEntries / 2 + num));
         return with_lines(files, lines);
       }},
      {"strip the tags and write the chain anew",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t from = below(random, lines.size());
         for (std::size_t i = from; i < lines.size(); ++i) strip_tag(lines[i]);
         rechain(lines, from);
         return with_lines(files, lines);
       }},
      {"give an entry a key twice",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size());
         lines[at].insert(1, "\"model\": \"other\", ");
         rechain(lines, at);
         return with_lines(files, lines);
       }},
      {"put U+2028 into a value",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size());
         lines[at].insert(place_of(lines[at], "model").first, "\xE2\x80\xA8");
         rechain(lines, at);
         return with_lines(files, lines);
       }},
      {"end lines with CR LF",
       [](Attacked files, Lines lines, Random& random) {
         const std::size_t at = below(random, lines.size());
         lines[at] += "\r";
         return with_lines(files, lines);
       }},
  };
  return all;
}

bool says(const AuditVerification& result, const std::string& words) {
  for (const auto& open : result.cannot_exclude)
    if (open.find(words) != std::string::npos) return true;
  return false;
}

TEST_CASE("audit attacks: the log that is attacked is intact, and its anchor fits") {
  const auto result = verify(log_of(original().lines), {.secret = kSecret,
                                                        .requires_tags = true,
                                                        .manifest = original().manifest,
                                                        .checkpoint = original().checkpoints.back(),
                                                        .anchor = original().checkpoints.back()});
  CHECK(result.errors == std::vector<std::string>());
  CHECK(result.verdict == AuditVerdict::intact);
  CHECK(result.num_entries == kNumEntries);
  CHECK(result.is_hmac_verified == true);
  CHECK(verify(log_of(other_fork().lines)).is_valid());
}

TEST_CASE("audit attacks: with an anchor all of them are found, and without one those that cannot be are named") {
  REQUIRE(attacks().size() == 16);
  Random random(20261121);
  int num_found = 0, num_found_alone = 0;
  for (const Attack& attack : attacks()) {
    for (int i = 0; i < kNumTries; ++i) {
      INFO(attack.name << ", try " << i);
      const Attacked files =
          attack.make({"", original().checkpoints.back(), original().manifest}, original().lines, random);
      REQUIRE(files.log != log_of(original().lines));
      AuditVerifyOptions options{.manifest = files.manifest, .checkpoint = files.checkpoint};
      const auto alone = verify(files.log, options);
      options.anchor = original().checkpoints.back();
      const auto anchored = verify(files.log, options);
      REQUIRE_FALSE(anchored.is_valid());
      REQUIRE_FALSE(anchored.errors.empty());
      ++num_found;
      if (alone.is_valid()) {
        REQUIRE((says(alone, "cut off the end and the checkpoint made anew") && says(alone, "written anew")));
      } else {
        ++num_found_alone;
      }
      // With nothing but the log: found, or named as what cannot be excluded.
      const auto bare = verify(files.log);
      if (bare.is_valid()) REQUIRE((says(bare, "cut off the end") && says(bare, "written anew")));
    }
  }
  CHECK(num_found == 16 * kNumTries);
  // The checkpoint alone finds all but those whose maker replaced it too.
  CHECK(num_found_alone == 14 * kNumTries);
}

TEST_CASE("audit attacks: the verdict says what kind it is") {
  const auto& lines = original().lines;
  const AuditVerifyOptions anchored{.anchor = original().checkpoints.back()};
  const auto verdict = [&](const std::vector<std::string>& changed) {
    return verify(log_of(changed), anchored).verdict;
  };
  auto cut = lines;
  cut.resize(10);
  CHECK(verdict(cut) == AuditVerdict::cut);
  auto edited = lines;
  set_member(edited[20], "model", "other");
  CHECK(verdict(edited) == AuditVerdict::rewritten);
  rechain(edited, 20);
  CHECK(verdict(edited) == AuditVerdict::rewritten);
  edited = lines;
  set_member(edited[3], "model", "other");
  rechain(edited, 3);
  edited.resize(21);  // an older copy with a change: more than a cut
  CHECK(verdict(edited) == AuditVerdict::rewritten);
  auto merged = lines;
  merged.push_back(other_fork().lines[kNumEntries / 2]);
  CHECK(verdict(merged) == AuditVerdict::forked);
  auto repeated = lines;
  repeated.insert(repeated.begin() + 5, repeated[5]);
  CHECK(verdict(repeated) == AuditVerdict::rewritten);
  CHECK(verdict(other_fork().lines) == AuditVerdict::rewritten);
  const std::string whole = log_of(lines);
  CHECK(verify(whole.substr(0, whole.size() - 1), anchored).verdict == AuditVerdict::cut);
  const auto unfinished = verify(whole + R"({"timestamp": "2026-)", anchored);
  CHECK(unfinished.verdict == AuditVerdict::torn_tail);
  CHECK(verify("", anchored).verdict == AuditVerdict::cut);
  CHECK(verify("", {.manifest = original().manifest}).verdict == AuditVerdict::cut);
  CHECK(verify("").is_without_evidence);
}

TEST_CASE("audit attacks: tags tell another secret from a change") {
  auto lines = original().lines;
  CHECK(verify(log_of(lines), {.secret = "another one"}).verdict == AuditVerdict::wrong_key);
  CHECK(verify(log_of(lines), {.secret = kSecret}).verdict == AuditVerdict::intact);
  set_member(lines.back(), "model", "other");
  CHECK(verify(log_of(lines)).verdict == AuditVerdict::intact);  // the chain alone does not see the last entry
  const auto changed = verify(log_of(lines), {.secret = kSecret});
  CHECK(changed.verdict == AuditVerdict::rewritten);
  CHECK(changed.errors.front() == "line 24: HMAC mismatch");
  CHECK(changed.is_hmac_verified == false);
  strip_tag(lines.back());
  const auto stripped = verify(log_of(lines), {.secret = kSecret});
  CHECK(stripped.is_valid());
  CHECK(says(stripped, "1 entries without a tag"));
  const auto strict = verify(log_of(lines), {.secret = kSecret, .requires_tags = true});
  CHECK(strict.verdict == AuditVerdict::rewritten);
  CHECK(strict.errors.front() == "line 24 lacks _hmac field but --require-hmac is set");
}

}  // namespace
}  // namespace forgelm::compliance
