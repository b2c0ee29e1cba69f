#include "worker.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "codec.hpp"
#include "forgelm/audit/pattern_scan.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/text/characters.hpp"
#include "glyph_profile.hpp"
#include "url_rule.hpp"

namespace forgelm::ingest {
namespace {

// Rows repeat headings and names; of a hostile document, without bound.
constexpr std::size_t kMaxGrowth = 16;
constexpr std::size_t kUsualGrowth = std::size_t{64} << 20;

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f%%", 100 * share);
  return text.data();
}

/// A size of windows and how far they overlap, checked.
void check_window(std::string_view size_name, std::int64_t size, std::string_view overlap_name, std::int64_t overlap) {
  if (size <= 0) throw ConfigError(cat(size_name, " must be positive, it is ", size));
  if (overlap < 0 || overlap >= size)
    throw ConfigError(cat(overlap_name, " must be in [0, ", size_name, "), it is ", overlap));
  if (overlap > size / 2)
    throw ConfigError(cat(overlap_name, " (", overlap, ") must be at most ", size_name, " // 2 (", size / 2, ")"),
                      cat("more would give a row for nearly every character; make ", overlap_name, " smaller or ",
                          size_name, " larger"));
}

Json or_null(const auto& value) { return value ? Json(*value) : Json(); }

std::string script_warning(const FileReport& report, const std::string& language, double threshold) {
  std::string offenders;
  for (std::size_t i = 0; i < std::min<std::size_t>(report.script->offenders.size(), 5); ++i)
    offenders +=
        cat(i == 0 ? "" : ", ", quote(report.script->offenders[i].first), "=", report.script->offenders[i].second);
  std::string words =
      cat("Script-sanity warning for ", quote(report.path), " (language_hint=", language,
          "): ", percent(report.script->ratio), " of non-whitespace chars fall outside the expected blocks ",
          "(threshold=", percent(threshold), "). Top offenders: ", offenders);
  if (!report.script->cause.empty()) words += cat("; likely cause: ", report.script->cause);
  return words;
}

}  // namespace

Worker::Worker(const IngestOptions& options) : options_(options) {
  reading_.keeps_front_matter = options.keeps_front_matter;
  reading_.page_range = options.page_range;
  reading_.drops_front_matter = options.drops_front_matter;
  if (const auto& range = options.page_range; range && range->first < 1)
    throw ConfigError(cat("--page-range start (", range->first, ") must be >= 1: pages count from 1"));
  if (const auto& range = options.page_range; range && range->first > range->second)
    throw ConfigError(cat("--page-range start (", range->first, ") must be <= end (", range->second, ")"));
  reading_.skips_epub_front_matter = options.skips_epub_front_matter;
  reading_.marks_headings = options.strategy == Strategy::markdown;
  if (options.input_encoding)
    reading_.codec = [&] {
      auto codec = find_codec(*options.input_encoding);
      if (!codec) throw ConfigError(codec.error().message, codec.error().hint);
      return *codec;
    }();
  language_ = ascii_lower(options.language.value_or(""));
  if (options.provenance_header.find('\n') != std::string::npos)
    throw ConfigError("--provenance-header is one line, and this one breaks it");
  for (const std::string& pattern : options.strip_patterns) patterns_.emplace_back(pattern, LinePattern::Options{});

  if (options.strategy == Strategy::conversation) {
    if (!options.provenance_header.empty())
      throw ConfigError("--provenance-header does not go with --strategy conversation: messages have no place for it",
                        "--metadata tells where a conversation comes from");
    conversations_.emplace(options.conversation);
    return;
  }
  const bool is_sliding = options.strategy == Strategy::sliding;
  if (options.chunk_tokens && !options.tokenizer)
    throw ConfigError("--chunk-tokens needs --tokenizer: tokens are those of a model",
                      "name the folder of the model that is to be trained");
  if (options.chunk_tokens && *options.chunk_tokens > 0) {
    tokenizer_ = text::Tokenizer::load(*options.tokenizer);
    if (options.strategy == Strategy::markdown && options.overlap_tokens != 0)
      throw ConfigError("--overlap-tokens does not go with --strategy markdown: its sections are whole",
                        "--strategy sliding makes windows that overlap");
    check_window("--chunk-tokens", *options.chunk_tokens, "--overlap-tokens", is_sliding ? options.overlap_tokens : 0);
    chunk_size_ = static_cast<std::size_t>(*options.chunk_tokens);
    overlap_ = static_cast<std::size_t>(is_sliding ? options.overlap_tokens : 0);
    return;
  }
  const std::int64_t size = options.chunk_size.value_or(kDefaultChunkSize);
  const std::int64_t usual = is_sliding ? std::min(kDefaultOverlap, std::max<std::int64_t>(0, size / 2)) : 0;
  if (options.strategy == Strategy::markdown && options.overlap.value_or(0) != 0)
    throw ConfigError("--overlap does not go with --strategy markdown: its sections are whole",
                      "--strategy sliding makes windows that overlap");
  check_window("--chunk-size", size, "--overlap", is_sliding ? options.overlap.value_or(usual) : 0);
  chunk_size_ = static_cast<std::size_t>(size);
  overlap_ = static_cast<std::size_t>(is_sliding ? options.overlap.value_or(usual) : 0);
}

Json Worker::identity() const {
  const ConversationOptions& talk = options_.conversation;
  Json marks = Json::array();
  for (const Participant& participant : talk.participants)
    marks.push(cat(to_text(participant.role), "=", participant.mark));
  for (const RolePreset preset : talk.presets) marks.push(to_text(preset));
  return Json::object(
      {{"version", version()},
       {"strategy", to_text(options_.strategy)},
       {"chunk_size", chunk_size_},
       {"overlap", overlap_},
       {"participants", std::move(marks)},
       {"uses_regex", talk.uses_regex},
       {"is_case_sensitive", talk.is_case_sensitive},
       {"system_prompt", talk.system_prompt},
       {"separator", talk.separator},
       {"quality", Json::array({talk.quality.min_turns, talk.quality.max_turns, talk.quality.min_turn_chars,
                                talk.quality.max_turn_chars, talk.quality.requires_answer})},
       {"tokenizer", tokenizer_ ? Json(tokenizer_->digest()) : Json()},
       {"input_encoding", or_null(reading_.codec)},
       {"keeps_front_matter", options_.keeps_front_matter},
       {"page_range",
        options_.page_range ? Json::array({options_.page_range->first, options_.page_range->second}) : Json()},
       {"drops_front_matter", options_.drops_front_matter},
       {"skips_epub_front_matter", options_.skips_epub_front_matter},
       {"language", language_},
       {"script_threshold", options_.script_threshold},
       {"glyph_profile", to_text(options_.glyph_profile)},
       {"strip_patterns", Json::array_of(options_.strip_patterns)},
       {"limits_strip_patterns", options_.limits_strip_patterns},
       {"urls", to_text(options_.urls)},
       {"masks_pii", options_.masks_pii},
       {"masks_secrets", options_.masks_secrets},
       {"checks_quality", options_.checks_quality},
       {"provenance_header", options_.provenance_header},
       {"with_metadata", options_.with_metadata}});
}

void Worker::clean(Document& document, FileReport& report) const {
  const bool is_turkish = options_.glyph_profile == GlyphProfile::turkish;
  if (is_turkish) apply_turkish_profile(document);
  if (!language_.empty()) {
    report.script = check_script(document.text, language_, options_.script_threshold, is_turkish);
    if (report.script->is_triggered)
      report.warnings.push_back(script_warning(report, language_, options_.script_threshold));
  }
  const StripResult stripped = strip_patterns(document, patterns_, options_.limits_strip_patterns);
  report.num_stripped = stripped.num_taken_out;
  report.num_patterns_skipped = stripped.skipped.size();
  for (const std::string& pattern : stripped.skipped)
    report.warnings.push_back(cat(quote(report.path), ": --strip-pattern ", quote(pattern),
                                  " takes too long on this document and was skipped; the other patterns apply"));
  if (options_.urls != UrlRule::keep)
    report.num_urls = replace_urls(document, options_.urls == UrlRule::mask ? "[URL]" : "");
}

std::string Worker::header_of(const std::string& name) const {
  std::string header = options_.provenance_header;
  if (header.empty()) return header;
  constexpr std::string_view kPath = "{path}";
  for (std::size_t at = header.find(kPath); at != std::string::npos; at = header.find(kPath, at + name.size()))
    header.replace(at, kPath.size(), name);
  return to_valid_utf8(header) + '\n';
}

std::vector<Chunk> Worker::cut(const Document& document, std::string_view header) const {
  const std::string_view text = document.text;
  std::size_t size = chunk_size_, overlap = overlap_;
  if (!header.empty()) {  // it is a part of the row
    const std::size_t taken = tokenizer_ ? num_tokens(header, *tokenizer_) : num_code_points(header);
    size -= std::min(taken, size - 1);
    overlap = std::min(overlap, size / 2);
  }
  switch (options_.strategy) {
    case Strategy::sliding:
      return tokenizer_ ? chunk_sliding_tokens(text, size, overlap, *tokenizer_) : chunk_sliding(text, size, overlap);
    case Strategy::markdown:
      return tokenizer_ ? chunk_markdown_tokens(text, size, *tokenizer_) : chunk_markdown(text, size);
    case Strategy::paragraph:
    case Strategy::conversation:  // not cut
      break;
  }
  return tokenizer_ ? chunk_paragraphs_tokens(text, size, *tokenizer_) : chunk_paragraphs(text, size);
}

std::string Worker::masked(std::string text, FileReport& report) const {
  if (options_.masks_secrets) text = audit::mask_secrets(text, audit::KindScope::all, &report.secrets);
  if (options_.masks_pii) text = audit::mask_pii(text, audit::KindScope::all, &report.pii);
  return text;
}

void Worker::finish_row(Json row, std::string_view text, Origin& origin, std::size_t begin, FileResult& result) const {
  ++result.report.num_rows;
  result.report.num_characters += num_code_points(text);
  if (options_.checks_quality && result.report.quality.size() < kMaxQualityRows)
    result.report.quality.push_back(quality_of(text));
  if (options_.with_metadata) {
    Json metadata = Json::object({{"source", origin.name}});
    if (const int page = origin.places.page(begin); page != 0) metadata.set("page", page);
    if (const auto& headings = origin.places.headings(begin); !headings.empty())
      metadata.set("headings", Json::array_of(headings));
    metadata.set("digest", origin.digest);
    row.set("metadata", std::move(metadata));
  }
  result.rows += dump(row, {.ensure_ascii = false});
  result.rows += '\n';
  if (result.rows.size() > kMaxGrowth * origin.text_bytes + kUsualGrowth)
    throw RunError(RunErrorKind::data, cat("its rows come to more than ", kMaxGrowth,
                                           " times its text: long headings or a long name stand in very many of them"));
}

void Worker::write_conversations(const Document& document, Origin& origin, FileResult& result) const {
  const ConversationsFound found = conversations_->read(document.text);
  result.report.num_conversations_left_out = found.num_left_out;
  result.report.num_outside_characters = found.num_outside;
  for (const Conversation& conversation : found.kept) {
    Json messages = Json::array();
    std::string all;
    for (const Message& message : conversation.messages) {
      std::string content = masked(message.content, result.report);
      if (!all.empty()) all += "\n\n";
      all += content;
      messages.push(Json::object({{"role", to_text(message.role)}, {"content", std::move(content)}}));
    }
    finish_row(Json::object({{"messages", std::move(messages)}}), all, origin, conversation.begin, result);
  }
}

void Worker::write_rows(const Document& document, const std::filesystem::path& path, const std::string& name,
                        FileResult& result) const {
  Origin origin{name, options_.with_metadata ? cat("sha256:", sha256_file(path)) : "", PlaceFinder(document),
                document.text.size()};
  if (conversations_) return write_conversations(document, origin, result);
  const std::string header = header_of(name);
  for (const Chunk& chunk : cut(document, header)) {
    const std::string_view words = text::strip(chunk.text);
    if (words.empty()) continue;
    std::string text = masked(header + std::string(words), result.report);
    Json row = Json::object({{"text", text}});
    finish_row(std::move(row), text, origin, chunk.begin, result);
  }
}

FileResult Worker::run(const std::filesystem::path& path, const std::string& name) const {
  FileResult result;
  FileReport& report = result.report;
  report.path = path.native();
  const std::string ending = ending_of(path);
  const auto& endings = supported_endings();
  if (std::find(endings.begin(), endings.end(), ending) == endings.end()) {
    report.warnings.push_back(cat("Skipping ", quote(report.path), ": ", join(endings, ", "), " can be read"));
    return result;
  }
  try {
    Document document = extract(path, reading_, report);
    if (!document.text.empty()) clean(document, report);
    if (text::is_blank(document.text)) {
      report.warnings.push_back(cat("Skipping ", quote(report.path), " (no extractable text)."));
      return result;
    }
    write_rows(document, path, name, result);
    report.format = ending;
  } catch (const RunError& error) {
    FileReport failed;
    failed.path = report.path;
    failed.warnings = {cat("Skipping ", quote(report.path), " (extraction failed): ", error.what())};
    if (!error.hint().empty()) failed.warnings.back() += cat("; ", error.hint());
    return {std::move(failed), {}};
  }
  return result;
}

}  // namespace forgelm::ingest
