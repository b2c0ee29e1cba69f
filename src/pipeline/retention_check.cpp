#include "retention_check.hpp"

#include "forgelm/compliance/retention.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {
namespace {

constexpr Logger logger("forgelm.retention");

}  // namespace

std::optional<std::string> check_retention(const config::JobConfig& job) {
  using config::RetentionEnforce;
  if (!job.retention) return std::nullopt;
  const RetentionEnforce enforce = job.retention->enforce;
  const auto excesses = compliance::retention_excesses(*job.retention, job.training.output_dir);
  if (excesses.empty()) return std::nullopt;
  if (enforce == RetentionEnforce::log_only) {
    logger.info(compliance::excess_line(excesses, enforce));
    return std::nullopt;
  }
  logger.warning(compliance::excess_line(excesses, enforce));
  if (enforce == RetentionEnforce::warn_on_excess) return std::nullopt;
  return cat(excesses.size(), excesses.size() == 1 ? " artefact" : " artefacts", " in ", quote(job.training.output_dir),
             " ", excesses.size() == 1 ? "is" : "are", " kept for longer than `retention` allows (",
             excesses.front().path, ")");
}

}  // namespace forgelm::pipeline
