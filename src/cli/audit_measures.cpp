#include "audit_measures.hpp"

#include "forgelm/audit/token_lengths.hpp"
#include "load_job.hpp"

namespace forgelm::cli {

void add_audit_measures(const Arguments& arguments, Output& output, audit::AuditOptions& options) {
  const auto tokenizer = arguments.maybe_text("tokenizer"), job = arguments.maybe_text("config");
  const auto max_length = arguments.maybe_integer("max-length");
  if (max_length && !tokenizer && !job)
    throw UsageError("audit", "--max-length needs a tokenizer", "give --tokenizer PATH, or --config JOB");
  if (!job && arguments.maybe_text("stage")) throw UsageError("audit", "--stage names a stage of --config");
  if (tokenizer) options.tokens = std::make_shared<const audit::TokenMeasure>(*tokenizer, max_length);
  if (job)
    options.tokens =
        std::make_shared<const audit::TokenMeasure>(stage_of(load_checked_job(*job, output), arguments), max_length);
}

}  // namespace forgelm::cli
