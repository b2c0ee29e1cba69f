// Against the reference: the same rows and counts for the same documents and options (tools/golden/ingest/make.py).
#include <fstream>

#include "forgelm/core/base64.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/ingest/ingest.hpp"
#include "ingest/codec.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {

namespace fs = std::filesystem;
const std::string kGoldens = std::string(FORGELM_SOURCE_DIR) + "/tests/golden/ingest/";

std::vector<Json> lines_of(const std::string& path) {
  std::vector<Json> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(parse_json(line).value());
  return lines;
}

std::string decoded(const std::string& text) {
  const auto bytes = base64_decode(text);
  REQUIRE(bytes);
  return *bytes;
}

/// ingest_path's arguments as ours. std::logic_error for one that is not known.
ingest::IngestOptions options_of(const Json& arguments) {
  ingest::IngestOptions options;
  for (const auto& [name, value] : arguments.members()) {
    if (name == "chunk_size") options.chunk_size = value.integer();
    else if (name == "overlap") options.overlap = value.integer();
    else if (name == "chunk_tokens") options.chunk_tokens = value.integer();
    else if (name == "overlap_tokens") options.overlap_tokens = value.integer();
    else if (name == "strategy") options.strategy = *from_text<ingest::Strategy>(value.text());
    else if (name == "keep_md_frontmatter") options.keeps_front_matter = value.boolean();
    else if (name == "input_encoding") options.input_encoding = value.text();
    else if (name == "normalise_profile") options.glyph_profile = *from_text<ingest::GlyphProfile>(value.text());
    else if (name == "language_hint") options.language = value.text();
    else if (name == "script_sanity_threshold") options.script_threshold = value.real();
    else if (name == "strip_urls") options.urls = *from_text<ingest::UrlRule>(value.text());
    else if (name == "recursive") options.is_recursive = value.boolean();
    else if (name == "quality_presignal") options.checks_quality = value.boolean();
    else if (name == "strip_patterns")
      for (const Json& pattern : value.items()) options.strip_patterns.push_back(pattern.text());
    else throw std::logic_error("not an argument: " + name);
  }
  if (options.language == "tr" && arguments.find("normalise_profile") == nullptr)
    options.glyph_profile = ingest::GlyphProfile::turkish;
  if (options.chunk_tokens) options.tokenizer = std::string(FORGELM_SOURCE_DIR) + "/templates/quickstart/model";
  return options;
}

/// What of the document of JSON mode the goldens hold, with paths below `folder`.
Json facts_of(const Json& document, const fs::path& folder) {
  Json facts = Json::object();
  for (const char* key : {"chunk_count", "files_processed", "files_skipped", "total_chars", "format_counts",
                          "script_sanity_triggered", "strip_pattern_substitutions", "urls_handled"})
    facts.set(key, document.at(key));
  facts.set("extra_notes", document.at("notes"));
  Json structured = document.at("notes_structured");
  Json kept = Json::object();
  for (const auto& [name, value] : structured.members())
    if (name != "tokenizer") kept.set(name, value);
  if (Json* summary = kept.find("script_sanity_summary"))
    if (Json* files = summary->find("per_file"))
      for (Json& file : files->items())
        file.set("file_path", fs::path(file.at("file_path").text()).lexically_relative(folder).native());
  facts.set("notes_structured", std::move(kept));
  return facts;
}

}  // namespace

TEST_CASE("rows and counts are those of the reference") {
  const auto cases = lines_of(kGoldens + "cases.jsonl");
  REQUIRE(cases.size() > 200);
  for (const Json& golden : cases) {
    INFO(golden.at("name").text());
    const test::TemporaryDirectory folder(test::memory_directory());
    const fs::path input = fs::canonical(folder.path()) / "in";
    for (const auto& [name, data] : golden.at("files").members()) {
      fs::create_directories((input / name).parent_path());
      std::ofstream(input / name, std::ios::binary) << decoded(data.text());
    }
    ingest::IngestOptions options = options_of(golden.at("options"));
    options.input = input;
    options.output = folder / "out.jsonl";
    options.num_threads = 2;
    if (golden.find("error") != nullptr) {
      CHECK_THROWS_AS(ingest::ingest(options), ConfigError);
      CHECK_FALSE(fs::exists(folder / "out.jsonl"));
      continue;
    }
    const ingest::IngestResult result = ingest::ingest(options);
    Json rows = Json::array();
    for (const Json& row : lines_of(folder / "out.jsonl")) rows.push(row.at("text"));
    CHECK(dump(rows) == dump(golden.at("rows")));
    CHECK(dump(facts_of(result.document, input), {.indent = 1, .sort_keys = true}) ==
          dump(golden.at("result"), {.indent = 1, .sort_keys = true}));
  }
}

TEST_CASE("bytes become the text that Python decodes") {
  for (const Json& golden : lines_of(kGoldens + "codecs.jsonl")) {
    INFO(golden.at("codec").text());
    const auto codec = ingest::find_codec(golden.at("codec").text());
    REQUIRE(codec);
    CHECK(dump(Json(ingest::decode_text(decoded(golden.at("bytes").text()), *codec))) == dump(golden.at("text")));
  }
}
