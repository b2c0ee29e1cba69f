#include "block_audit.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "language.hpp"
#include "row_text.hpp"
#include "words.hpp"

namespace forgelm::audit {
namespace {

constexpr std::size_t kSnippetCharacters = 512;
constexpr char kKeySeparator = '\0';

}  // namespace

BlockAuditor::BlockAuditor(const AuditOptions& options, const ProfileTools& tools)
    : options_(options), scanner_(options.engine), profiler_(tools), entities_(options.entities) {
  start();
}

void BlockAuditor::start() {
  block_ = {};
  block_.reference_counts.assign(all_kinds().size(), 0);
  block_.found_counts.assign(all_kinds().size(), 0);
  known_keys_.clear();
}

BlockAudit BlockAuditor::take() {
  entities_.finish(block_, options_.max_findings);
  BlockAudit done = std::move(block_);
  done.profile = profiler_.take();
  start();
  return done;
}

void BlockAuditor::add(std::string_view line, std::size_t num_readable, std::uint64_t number) {
  const JsonLine read = reader_.read(line, num_readable);
  if (read.is_decode_error) ++block_.num_decode_errors;
  if (read.state == LineState::blank) return;
  if (read.state == LineState::bad) {
    ++block_.num_parse_errors;
    return;
  }
  const std::string_view text = read.value.is_object() ? row_text(read.value, text_buffer_) : std::string_view();
  profiler_.start_row(read, line, text, number, block_.num_rows);
  entities_.start_row(text, number, block_.num_rows);
  add_strings(read.value, text, number);
  entities_.end_row();
  profiler_.end_row();
  masks_.read(text);
  ++block_.num_rows;
  if (!read.value.is_object()) {
    ++block_.num_non_object;
    ++block_.num_without_text;
    add_signature();
    return;
  }
  add_columns(read.value);
  if (text.empty()) {
    ++block_.num_without_text;
    add_signature();
    return;
  }
  add_text();
}

void BlockAuditor::add_columns(const simdjson::dom::element& row) {
  keys_.clear();
  for (const auto field : simdjson::dom::object(row)) keys_.append(field.key) += kKeySeparator;
  auto known =
      std::find_if(known_keys_.begin(), known_keys_.end(), [&](const auto& item) { return item.first == keys_; });
  if (known == known_keys_.end()) {
    KeySet set;
    for (const auto field : simdjson::dom::object(row)) {
      std::string key(field.key);
      if (std::find(set.columns.begin(), set.columns.end(), key) == set.columns.end())
        set.columns.push_back(std::move(key));
    }
    block_.key_sets.push_back(std::move(set));
    known_keys_.emplace_back(keys_, block_.key_sets.size() - 1);
    known = known_keys_.end() - 1;
  }
  ++block_.key_sets[known->second].count;
  // The last one seen is the next one looked for.
  if (known != known_keys_.begin()) std::iter_swap(known, known_keys_.begin());
}

void BlockAuditor::add_signature() {
  if (options_.dedup_method == DedupMethod::minhash) block_.sketches.push_back(minhash(masks_));
  else block_.fingerprints.push_back(simhash(masks_));
}

void BlockAuditor::add_text() {
  block_.lengths.push_back(static_cast<std::uint32_t>(masks_.num_characters()));
  const std::string_view snippet = masks_.first_characters(kSnippetCharacters);
  if (options_.num_language_sample == 0) {
    add_language(block_.languages, language_of(snippet), 1);
  } else {
    block_.snippets.append(snippet);
    block_.snippet_sizes.push_back(static_cast<std::uint32_t>(snippet.size()));
  }
  add_signature();
  block_.text_hashes.push_back(word_hash(masks_.text()));
  if (!options_.with_quality) return;
  ++block_.num_quality_evaluated;
  const std::uint8_t flags = quality_flags(masks_);
  if (flags == 0) return;
  ++block_.num_quality_flagged;
  for (std::size_t i = 0; i < kQualityFlags.size(); ++i)
    if ((flags >> i & 1) != 0) ++block_.quality[i];
}

void BlockAuditor::add_strings(const simdjson::dom::element& row, std::string_view row_text, std::uint64_t number) {
  path_.clear();
  bool is_row_text_scanned = row_text.empty(), has_triggers = false;
  for_each_string(row, path_, [&](const std::string& path, std::string_view text) {
    ++block_.num_strings;
    block_.num_string_bytes += text.size();
    profiler_.add_string(text, path);
    entities_.add_string(path, text);
    const Triggers triggers = scanner_.triggers(text);
    has_triggers = has_triggers || triggers.set.any();
    scanner_.scan(text, triggers, matches_);
    // The text of most rows is one of its strings, and then the same memory.
    if (!is_row_text_scanned && text.data() == row_text.data() && text.size() == row_text.size()) {
      is_row_text_scanned = true;
      count_reference_kinds();
    }
    if (!matches_.empty()) add_findings(text, path, number);
  });
  // The row's text is put together of its strings, with line ends between them.
  if (is_row_text_scanned || !has_triggers) return;
  scanner_.scan(row_text, scanner_.triggers(row_text), matches_, KindScope::reference);
  count_reference_kinds();
}

void BlockAuditor::count_reference_kinds() {
  for (const Match& match : matches_)
    if (all_kinds()[match.kind].is_reference) ++block_.reference_counts[match.kind];
}

void BlockAuditor::add_findings(std::string_view text, const std::string& field, std::uint64_t number) {
  for (const Match& match : without_overlaps(std::move(matches_))) {
    entities_.add_taken(match.begin, match.end);
    ++block_.found_counts[match.kind];
    if (block_.findings.size() >= options_.max_findings) continue;
    const std::uint64_t begin = num_code_points(text.substr(0, match.begin));
    block_.findings.push_back({match.kind, number, block_.num_rows, field, begin,
                               begin + num_code_points(text.substr(match.begin, match.end - match.begin)),
                               masked_excerpt(text, match)});
  }
  matches_.clear();
}

}  // namespace forgelm::audit
