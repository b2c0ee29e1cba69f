// Names in an audit, found by a finder of the test: which texts it is asked
// about, what is counted where, and that nothing gates or depends on the number
// of workers.
#include "forgelm/audit/entities.hpp"

#include <fstream>
#include <map>
#include <mutex>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;

/// Knows three names.
class ByWord final : public EntityFinder {
 public:
  std::vector<std::vector<Entity>> find(std::span<const std::string_view> texts) override {
    static const std::pair<std::string_view, EntityKind> kNames[] = {{"Ada Lovelace", EntityKind::person},
                                                                     {" Acme AG", EntityKind::organization},
                                                                     {"\xC5\x81\xC3\xB3"
                                                                      "d\xC5\xBA",
                                                                      EntityKind::location}};
    const std::lock_guard lock(mutex_);
    std::vector<std::vector<Entity>> found;
    for (const std::string_view text : texts) {
      ++asked[std::string(text)];
      std::vector<Entity>& entities = found.emplace_back();
      for (std::size_t at = 0; at < text.size(); ++at)
        for (const auto& [name, kind] : kNames)
          if (text.substr(at).starts_with(name)) entities.push_back({kind, 0.75, at, at + name.size()});
    }
    return found;
  }
  Json describe() const override { return Json::object({{"model", "words"}}); }

  std::map<std::string, int> asked;

 private:
  std::mutex mutex_;
};

void write(const std::filesystem::path& path, std::string_view text) { std::ofstream(path) << text; }

AuditReport audited(const std::filesystem::path& input, EntityFinder* finder, int num_workers = 1) {
  AuditOptions options;
  options.input = input.native();
  options.num_workers = num_workers;
  options.entities = finder;
  return audit_data(options);
}

}  // namespace

TEST_CASE(
    "names are counted in the rows' texts and listed with their places, "
    "masked, and gate nothing") {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "train.jsonl";
  write(file,
        "{\"text\": \"Ada Lovelace met Acme AG in \xC5\x81\xC3\xB3"
        "d\xC5\xBA\", \"author\": \"Ada Lovelace\"}\n"
        "{\"text\": \"nobody\"}\n"
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Ada "
        "Lovelace?\"}, {\"role\": \"assistant\", \"content\": "
        "\"Of Acme AG.\"}]}\n");
  ByWord finder;
  const AuditReport report = audited(file, &finder);
  CHECK(report.pii == Counts{{"location", 1}, {"organization", 2}, {"person", 2}});
  CHECK(report.found == Counts{{"location", 1}, {"organization", 2}, {"person", 3}});
  CHECK_FALSE(report.pii_gate.has_failed);
  CHECK(report.pii_gate.advisory.at("person") == 3);
  // The reference's tiers.
  const Json severity = pii_severity(report.pii);
  CHECK(dump(severity.at("by_tier")) == R"({"critical": 0, "high": 0, "medium": 2, "low": 3})");
  CHECK(severity.at("worst_tier").text() == "medium");
  const std::vector<Finding>& findings = report.splits.at(0).findings;
  REQUIRE(findings.size() == 6);
  CHECK(findings[0].line == 1);
  CHECK(findings[0].field == "text");
  CHECK(findings[0].begin == 0);
  CHECK(findings[0].end == 12);
  CHECK(findings[0].excerpt == "A**********e");
  // White space that the finder counts to a name is not of it; places are
  // characters.
  CHECK(findings[1].begin == 17);
  CHECK(findings[1].end == 24);
  CHECK(findings[2].begin == 28);
  CHECK(findings[2].end == 32);
  CHECK(findings[3].field == "author");
  CHECK(findings[4].field == "messages[0].content");
  CHECK(findings[4].line == 3);
  CHECK(findings[5].field == "messages[1].content");
  CHECK(to_json(report).at("scan").at("entity_finder").at("model").text() == "words");
}

TEST_CASE(
    "no text is looked through twice where the row's text is strings of "
    "the row in their order") {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "train.jsonl";
  write(file,
        "{\"prompt\": \"Ada Lovelace\", \"response\": \"in Acme AG\", "
        "\"id\": \"7\"}\n"
        "{\"response\": \"b Ada Lovelace\", \"prompt\": \"a\"}\n"
        "{\"text\": \"  \", \"note\": \"Ada Lovelace!\"}\n");
  ByWord finder;
  const AuditReport report = audited(file, &finder);
  const std::map<std::string, int> expected = {{"Ada Lovelace", 1},
                                               {"in Acme AG", 1},
                                               {"7", 1},
                                               // The other order: the strings, and the text that is made of them.
                                               {"b Ada Lovelace", 1},
                                               {"a", 1},
                                               {"a\nb Ada Lovelace", 1},
                                               {"Ada Lovelace!", 1}};
  CHECK(finder.asked == expected);
  CHECK(report.pii == Counts{{"organization", 1}, {"person", 2}});
  CHECK(report.found == Counts{{"organization", 1}, {"person", 3}});
}

TEST_CASE("what a pattern found is one finding, though a name stands in it") {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "train.jsonl";
  class Mail final : public EntityFinder {
   public:
    std::vector<std::vector<Entity>> find(std::span<const std::string_view> texts) override {
      return std::vector<std::vector<Entity>>(texts.size(), {{EntityKind::person, 1, 0, 3}});
    }
    Json describe() const override { return Json::object(); }
  } finder;
  write(file, "{\"text\": \"ada@example.org\"}\n");
  const AuditReport report = audited(file, &finder);
  CHECK(report.pii == Counts{{"email", 1}, {"person", 1}});
  CHECK(report.found == Counts{{"email", 1}});
}

TEST_CASE("the report with names is the same for any number of workers") {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "train.jsonl";
  {
    std::ofstream out(file);
    for (int i = 0; i < 60000; ++i)
      out << cat("{\"text\": \"row ", i, i % 3 == 0 ? " of Ada Lovelace" : " of Acme AG", " and ", i * 7919, "\"}\n");
  }
  ByWord one, many;
  const AuditReport a = audited(file, &one), b = audited(file, &many, 4);
  CHECK(a.pii == Counts{{"organization", 40000}, {"person", 20000}});
  const auto findings = [](const AuditReport& report) { return dump(to_json(report).at("scan")); };
  CHECK(findings(a) == findings(b));
  CHECK(one.asked == many.asked);
}

TEST_CASE(
    "labels of models stand for people, organizations and places, or for "
    "nothing here") {
  for (const char* label : {"PER", "B-PER", "I-PERSON", "person", "FIRST_NAME"})
    CHECK(entity_kind_of(label) == EntityKind::person);
  for (const char* label : {"ORG", "B-ORG", "Organization"}) CHECK(entity_kind_of(label) == EntityKind::organization);
  for (const char* label : {"LOC", "B-GPE", "I-LOCATION", "CITY"}) CHECK(entity_kind_of(label) == EntityKind::location);
  for (const char* label : {"O", "MISC", "B-DATE", "NORP", "LABEL_1", "", "-", "B-"})
    CHECK_FALSE(entity_kind_of(label).has_value());
}
