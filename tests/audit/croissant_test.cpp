// The card: identifiers are the reference's, the whole is what mlcroissant was
// found to take, and it says only what was measured.
#include "forgelm/audit/croissant.hpp"

#include <fstream>

#include "audited.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

std::vector<std::string> of_fields(const Json& card, const char* key) {
  std::vector<std::string> all;
  for (const Json& field : card.at("recordSet").items().at(0).at("field").items())
    all.push_back(field.find(key) != nullptr ? field.at(key).text() : "-");
  return all;
}

TEST_CASE(
    "the card is the one that mlcroissant was found to take and to read "
    "rows by") {
  const TemporaryDirectory folder;
  const fs::path data = folder / "made";
  fs::create_directory(data);
  const std::string first =
      R"({"text": "The first row.", "n": 1, "score": 0.5, "ok": true, "tags": ["a", "b"], "odd name!": "x", "meta": {"lang": "en", "year": 2020}})";
  write(
      data / "train.jsonl",
      cat(first, "\n",
          R"({"text": "Die zweite Zeile, etwas länger.", "n": 2, "score": 2, "ok": false, "tags": ["c"], "odd name!": "y", "meta": {"lang": "de", "year": 2021}}
{"text": "pay with 4111 1111 1111 1111", "n": 3, "score": 1.25, "ok": true, "tags": [], "odd name!": "z", "meta": {"lang": "en", "year": 2022}}
)"));
  write(data / "dev.jsonl", cat(first, "\n"));
  write(data / "test.jsonl", "{\"text\": \"another\"}\n{\"text\": null}\n");
  Json golden = parse_json(read_file(FORGELM_SOURCE_DIR "/tests/golden/conformance/croissant.json")).value();
  Json card = croissant_card(audited(data), 3);
  for (Json* const each : {&golden, &card}) {
    each->set("datePublished", "");
    each->find("rai:personalSensitiveInformation")->items().pop_back();  // names the version and the number of kinds
  }
  CHECK(dump(card, {.indent = 2}) == dump(golden, {.indent = 2}));
}

TEST_CASE("identifiers are the reference's, and unique") {
  const TemporaryDirectory folder;
  write(folder / "a-b. c.jsonl",
        R"({"a.b": "1", "a-b": "2", "__x__": "3", "é": "4", "": "5", "日本": "6", "a  b": "7"})");
  const Json card = croissant_card(audited(folder / "a-b. c.jsonl"));
  CHECK(of_fields(card, "@id") == std::vector<std::string>{"train/a_b", "train/a_b-1", "train/x", "train/field",
                                                           "train/field-1", "train/field-2", "train/a_b-2"});
  CHECK(card.at("distribution").items()[0].at("@id").text() == "a_b_c_jsonl");
  CHECK(card.at("url").text() == "a_b_c_jsonl");
}

TEST_CASE(
    "data types are what the values are, over all rows; what no type "
    "covers is named and has no field") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 20000; ++i) rows += "{\"late\": 1, \"text\": \"words to fill a block with\"}\n";
  rows += R"({"late": 1.5, "mixed": "a", "lists": [["x"]], "never": null, "bools": [true, false], "both": {"a": 1}})"
          "\n";
  rows +=
      R"({"mixed": 2, "both": [1], "messages": [{"role": "user", "content": "hi", "calls": [{"f": 1}], "a b": "c"}]})"
      "\n";
  write(folder / "rows.jsonl", rows);
  for (const int num_workers : {1, 3}) {
    const Json card = croissant_card(audited(folder / "rows.jsonl"), num_workers);
    CHECK(of_fields(card, "name") == std::vector<std::string>{"late", "text", "mixed", "never", "bools", "messages"});
    CHECK(of_fields(card, "dataType") ==
          std::vector<std::string>{"sc:Float", "sc:Text", "sc:Text", "sc:Text", "sc:Boolean", "-"});
    const Json& records = card.at("recordSet").items()[0];
    CHECK(records.at("field").items()[5].at("subField").items().size() == 2);
    CHECK(records.at("description").text() ==
          "Records from split 'train'. Without a field, since no data type "
          "covers their values: lists, both, "
          "messages.calls, messages.a b.");
  }
}

TEST_CASE("a card says what was measured and leaves the rest to people") {
  const TemporaryDirectory folder;
  write(folder / "rows.jsonl", "{\"text\": \"nothing of note in this row of words, all told.\"}\n");
  const Json card = croissant_card(audited(folder / "rows.jsonl"));
  CHECK(card.at("rai:personalSensitiveInformation").items()[0].text() == "Nothing of the kinds looked for was found.");
  for (const char* unmeasured : {"license", "creator", "citeAs", "version", "rai:dataCollection", "rai:dataLimitations",
                                 "rai:dataCollectionMissingData", "rai:dataUseCases"}) {
    INFO(unmeasured);
    CHECK(card.find(unmeasured) == nullptr);
  }
}

}  // namespace
