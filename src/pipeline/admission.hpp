// Whether a run may train on its data: a registered set has to be what was registered (data.dataset_ref), and with
// data.require_audit every file that is read has to be covered, by its digest, by an audit that passed or whose
// findings were accepted. Such an audit is known from the registry, or from a data_audit_report.json: beside the file,
// in a folder `audit` there or beside that folder, in ./audit, or in the run's folder. A failed audit of the same
// content that is known stands against it, unless the findings were accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "forgelm/core/json.hpp"
#include "forgelm/pipeline/datasets.hpp"
#include "forgelm/pipeline/run.hpp"

namespace forgelm::pipeline {

/// Why nothing is trained.
struct Refusal {
  RunState state = RunState::rejected;  ///< or data_changed
  std::string message, hint;
};

/// Reads every file. `evidence`, for the record: of which audit each file is.
std::optional<Refusal> check_registered(const ResolvedJob& resolved);
std::optional<Refusal> check_audited(const config::JobConfig& job, Json& evidence);

/// Bytes that check_audited() would read.
std::uint64_t num_audited_bytes(const config::JobConfig& job);

/// What the record of a run says of a registered set: reference, id, digest, and what it was made from.
Json registered_json(const ResolvedJob& resolved);

}  // namespace forgelm::pipeline
