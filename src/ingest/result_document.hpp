// What a run says in the end: notes for people and the document of JSON mode, whose first keys and words are those of
// the reference.
#pragma once

#include <string>

#include "forgelm/ingest/ingest.hpp"
#include "totals.hpp"

namespace forgelm::ingest {

IngestResult make_result(const IngestOptions& options, const Totals& totals, std::uint64_t num_files_resumed);

}  // namespace forgelm::ingest
