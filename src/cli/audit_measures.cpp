#include "audit_measures.hpp"

#include "forgelm/audit/token_lengths.hpp"
#include "forgelm/core/text.hpp"
#include "load_job.hpp"

namespace forgelm::cli {

void add_audit_measures(const Arguments& arguments, Output& output, audit::AuditOptions& options) {
  const auto tokenizer = arguments.maybe_text("tokenizer"), job = arguments.maybe_text("config");
  const auto max_length = arguments.maybe_integer("max-length");
  if (max_length && !tokenizer && !job)
    throw UsageError("audit", "--max-length needs a tokenizer", "give --tokenizer PATH, or --config JOB");
  if (!job && arguments.maybe_text("stage")) throw UsageError("audit", "--stage names a stage of --config");
  const std::vector<std::string> benchmarks = arguments.texts("benchmark");
  for (const std::string_view name : {"benchmark-ngram", "fail-on-contamination"})
    if (benchmarks.empty() && arguments.is_given(name))
      throw UsageError("audit", cat("--", name, " needs a benchmark"), "give --benchmark NAME=FILE");
  if (tokenizer) options.tokens = std::make_shared<const audit::TokenMeasure>(*tokenizer, max_length);
  if (job)
    options.tokens =
        std::make_shared<const audit::TokenMeasure>(stage_of(load_checked_job(*job, output), arguments), max_length);
  std::vector<audit::BenchmarkSource> sources;
  for (const std::string& text : benchmarks) sources.push_back(audit::parse_benchmark(text));
  if (!sources.empty())
    options.benchmarks =
        std::make_shared<const audit::BenchmarkIndex>(sources, static_cast<int>(arguments.integer("benchmark-ngram")));
}

bool passes_contamination(const Arguments& arguments, const audit::AuditReport& report) {
  const auto limit = arguments.maybe_real("fail-on-contamination");
  if (!limit) return true;
  std::vector<std::string> over;
  for (std::size_t i = 0; i < report.overlaps.size(); ++i)
    if (const audit::BenchmarkOverlap& overlap = report.overlaps[i]; overlap.rate > *limit)
      over.push_back(
          cat(report.benchmarks->benchmarks()[i].name, " ", overlap.num_touched, "/", overlap.num_items_judged));
  if (over.empty()) return true;
  Output::complain(
      cat("items of benchmarks stand in the training data: ", join(over, ", ")),
      cat("scores on them would mean nothing: take the rows out; --fail-on-contamination allows a share of ", *limit));
  return false;
}

}  // namespace forgelm::cli
