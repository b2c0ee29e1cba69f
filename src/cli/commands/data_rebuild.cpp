// `forgelm data rebuild`: the index anew from the records.
#include "../datasets.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_rebuild;

namespace {

ExitCode run(const Arguments&, Output& output) {
  const std::filesystem::path path = registry::index_path();
  const registry::RebuildReport report = registry::rebuild_index(path);
  if (report.kept) output.note(cat("the damaged index is kept as ", report.kept->native()));
  for (const std::string& problem : report.problems) output.note(cat("warning: ", problem));
  output.print(cat(path.native(), ": ", report.num_datasets, " data set", report.num_datasets == 1 ? "" : "s", " and ",
                   report.num_runs, " run", report.num_runs == 1 ? "" : "s", " from their records\n"));
  output.set_document(Json::object({{"success", report.problems.empty()},
                                    {"index", path.native()},
                                    {"datasets", report.num_datasets},
                                    {"runs", report.num_runs},
                                    {"damaged_index", report.kept ? Json(report.kept->native()) : Json()},
                                    {"problems", Json::array_of(report.problems)}}));
  return report.problems.empty() ? ExitCode::ok : ExitCode::run_error;
}

constexpr Example kExamples[] = {
    {"forgelm data rebuild", "after the index was lost or damaged, or records were restored from a backup"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_rebuild = {
    .name = "data rebuild",
    .summary = "Make the index of data sets anew from their records",
    .details =
        "Files are the truth and the index can be thrown away. Rows of data sets and of runs that used them are made "
        "from the records beside the index; what else it holds stays. A damaged index is moved aside. Records that "
        "cannot be read are named, the others are taken, and the exit code is 2.",
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
