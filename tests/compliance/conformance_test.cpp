// The bills are, byte by byte, those that independent validators have taken (tools/conformance says which). A change of
// what is written needs their word again.
#include <filesystem>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "sample_facts.hpp"
#include "support/test.hpp"

TEST_CASE("conformance: bills of materials and provenance are what the validators took") {
  using namespace forgelm;
  const std::filesystem::path golden = FORGELM_SOURCE_DIR "/tests/golden/conformance";
  for (const bool has_run : {true, false})
    for (const char* name : {"bom.cdx.json", "provenance.slsa.json"}) {
      const auto files = test::sample_files(has_run);
      const auto file = files.find(name);
      CHECK((file != files.end()) == (has_run || std::string_view(name) == "bom.cdx.json"));
      if (file == files.end()) continue;
      INFO(name);
      CHECK(file->second == read_file(golden / cat(has_run ? "run." : "standalone.", name)));
      const Json verdict = parse_json(read_file(golden / cat(name, ".verdict.json"))).value();
      CHECK(verdict.at("wrong") == Json::array());
      CHECK(verdict.at("refused").members().size() >= 10);
    }
}
