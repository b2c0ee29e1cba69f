#include "result_document.hpp"

#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94";  // as in the reference's notes

/// "a=1, b=2", and the sum.
std::pair<std::string, std::uint64_t> breakdown_of(const Counts& counts) {
  std::vector<std::string> parts;
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : counts) {
    parts.push_back(cat(kind, "=", count));
    sum += count;
  }
  return {join(parts, ", "), sum};
}

std::vector<std::string> notes_of(const IngestOptions& options, const Totals& totals) {
  std::vector<std::string> notes;
  const auto note = [&](const auto&... parts) { notes.push_back(cat(parts...)); };
  if (totals.num_files_skipped > 0)
    note("skipped ", totals.num_files_skipped, " file(s) ", kDash, " see warnings above");
  if (totals.num_conversations_left_out > 0)
    note(totals.num_conversations_left_out, " conversation(s) left out by the quality rules.");
  if (totals.num_outside_characters > 0)
    note(totals.num_outside_characters, " character(s) stand before any turn and were left out.");
  const auto [pii, num_pii] = breakdown_of(totals.pii);
  if (options.masks_pii && num_pii > 0) note("PII masking redacted ", num_pii, " span(s): ", pii);
  else if (options.masks_pii)
    note("PII masking enabled ", kDash, " the regex detectors found nothing to mask (names are not detected)");
  const auto [secrets, num_secrets] = breakdown_of(totals.secrets);
  if (options.masks_secrets && num_secrets > 0)
    note("Secrets masking redacted ", num_secrets, " credential span(s): ", secrets);
  else if (options.masks_secrets) note("Secrets masking enabled ", kDash, " no credentials detected in this corpus");
  if (totals.num_edge_lines > 0)
    note("PDF header/footer dedup stripped ", totals.num_edge_lines,
         " repeated line(s) (reduces audit near-duplicate noise).");
  if (totals.num_block_headers > 0)
    note("PDF post-pack dedup stripped ", totals.num_block_headers, " survivor header line(s).");
  if (totals.num_quality_flagged > 0)
    note(totals.num_quality_flagged, "/", totals.num_quality_rows,
         " chunks below ingestion quality threshold. Run `forgelm audit <output>` for detail.");
  if (!totals.foreign_scripts.empty())
    note("Script-sanity check fired on ", totals.foreign_scripts.size(), " file(s) ", kDash, " see warnings.");
  if (totals.num_stripped > 0) note("--strip-pattern removed ", totals.num_stripped, " span(s).");
  if (totals.num_urls > 0)
    note("--strip-urls ", options.urls == UrlRule::mask ? "masked " : "stripped ", totals.num_urls, " URL(s).");
  return notes;
}

Json structured_notes(const IngestOptions& options, const Totals& totals) {
  Json notes = Json::object({{"files_processed", totals.num_files_processed},
                             {"files_skipped", totals.num_files_skipped},
                             {"chunk_count", totals.num_rows},
                             {"total_chars", totals.num_characters},
                             {"strategy", to_text(options.strategy)},
                             {"format_counts", to_object(totals.formats)},
                             {"pii_redaction_counts", to_object(totals.pii)},
                             {"secrets_redaction_counts", to_object(totals.secrets)}});
  if (totals.num_edge_lines > 0) notes.set("pdf_header_footer_lines_stripped", totals.num_edge_lines);
  if (totals.num_block_headers > 0) notes.set("pdf_paragraph_packed_lines_stripped", totals.num_block_headers);
  if (!totals.dropped_pages.empty()) notes.set("frontmatter_pages_dropped", Json::array_of(totals.dropped_pages));
  if (options.chunk_tokens)
    notes.set("chunk_tokens", *options.chunk_tokens)
        .set("tokenizer", options.tokenizer ? Json(options.tokenizer->native()) : Json());
  if (totals.num_scripts_checked > 0) {
    Json summary = Json::object({{"files_checked", totals.num_scripts_checked},
                                 {"files_triggered", totals.foreign_scripts.size()},
                                 {"max_ratio", totals.max_script_ratio},
                                 {"threshold", options.script_threshold}});
    if (!totals.foreign_scripts.empty()) summary.set("per_file", totals.foreign_scripts);
    notes.set("script_sanity_summary", std::move(summary));
  }
  if (totals.num_stripped > 0) notes.set("strip_pattern_substitutions", totals.num_stripped);
  if (totals.num_urls > 0) notes.set("urls_handled", totals.num_urls);
  if (options.checks_quality && totals.num_quality_rows > 0)
    notes.set("quality_presignal",
              Json::object({{"samples_evaluated", totals.num_quality_rows},
                            {"samples_flagged", totals.num_quality_flagged},
                            {"by_check", Json::object({{"alpha_ratio", totals.num_few_letters},
                                                       {"weird_chars", totals.num_odd_characters},
                                                       {"repeated_lines", totals.num_repeated_lines}})}}));
  return notes;
}

}  // namespace

IngestResult make_result(const IngestOptions& options, const Totals& totals, std::uint64_t num_files_resumed) {
  IngestResult result;
  result.output = options.output;
  result.num_rows = totals.num_rows;
  result.num_files_processed = totals.num_files_processed;
  result.num_files_skipped = totals.num_files_skipped;
  result.num_files_resumed = num_files_resumed;
  result.num_characters = totals.num_characters;
  result.formats = totals.formats;
  result.notes = notes_of(options, totals);
  result.document = Json::object({{"success", true},
                                  {"output_path", options.output.native()},
                                  {"chunk_count", totals.num_rows},
                                  {"files_processed", totals.num_files_processed},
                                  {"files_skipped", totals.num_files_skipped},
                                  {"total_chars", totals.num_characters},
                                  {"format_counts", to_object(totals.formats)},
                                  {"pii_redaction_counts", to_object(totals.pii)},
                                  {"secrets_redaction_counts", to_object(totals.secrets)},
                                  {"pdf_header_footer_lines_stripped", totals.num_edge_lines},
                                  {"pdf_paragraph_packed_lines_stripped", totals.num_block_headers},
                                  {"script_sanity_triggered", totals.foreign_scripts.size()},
                                  {"strip_pattern_substitutions", totals.num_stripped},
                                  {"urls_handled", totals.num_urls},
                                  {"frontmatter_pages_dropped", totals.num_pages_dropped},
                                  {"notes", Json::array_of(result.notes)},
                                  {"notes_structured", structured_notes(options, totals)},
                                  {"files_resumed", num_files_resumed},
                                  {"strip_patterns_skipped", totals.num_patterns_skipped}});
  if (options.strategy == Strategy::conversation)
    result.document.set("conversations_left_out", totals.num_conversations_left_out)
        .set("characters_outside_of_turns", totals.num_outside_characters);
  return result;
}

std::string summary_of(const IngestResult& result) {
  std::string text =
      cat("Ingestion summary\n  Output JSONL  : ", result.output.native(),
          "\n  Files (in/out): processed=", result.num_files_processed, "  skipped=", result.num_files_skipped,
          "\n  Chunks        : ", result.num_rows, "\n  Total chars   : ", result.num_characters, "\n");
  std::vector<std::string> formats;
  for (const auto& [ending, count] : result.formats)
    formats.push_back(cat(std::string_view(ending).substr(1), "=", count));
  if (!formats.empty()) text += cat("  By format     : ", join(formats, ", "), "\n");
  for (const std::string& note : result.notes) text += cat("  Note          : ", note, "\n");
  return cat(text, "\nNext: forgelm audit ", result.output.native(),
             " --output ./audit/\nOr train: forgelm --config <your.yaml>  (set data.dataset_name_or_path: ",
             result.output.native(), ")\n");
}

}  // namespace forgelm::ingest
