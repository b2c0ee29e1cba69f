// `forgelm data verify NAME@VERSION`: is the data what was registered.
#include "../datasets.hpp"
#include "../verdict.hpp"
#include "forgelm/pipeline/datasets.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_verify;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const registry::Dataset set = open_registered().get(arguments.text("DATASET"));
  const auto mismatches = pipeline::verify_dataset(set);
  const bool is_valid = mismatches.empty();
  Json list = Json::array();
  std::string reason;
  for (const pipeline::FileMismatch& mismatch : mismatches) {
    list.push(Json::object({{"path", mismatch.path},
                            {"expected", mismatch.expected.empty() ? Json() : Json(mismatch.expected)},
                            {"found", mismatch.found.empty() ? Json() : Json(mismatch.found)}}));
    reason += cat(reason.empty() ? "" : "\n  ", shown(pipeline::describe(mismatch)));
  }
  if (is_valid)
    reason = cat(set.files.size(), set.files.size() == 1 ? " file has" : " files have",
                 " the registered content, digest ", set.digest);
  output.print(verdict_lines(is_valid, set.ref(), reason));
  output.set_document(
      Json::object({{"success", is_valid},
                    {"valid", is_valid},
                    {"ref", set.ref()},
                    {"path", set.path},
                    {"digest", set.digest},
                    {"files", set.files.size()},
                    {"mismatches", std::move(list)},
                    {"exit_code", static_cast<int>(is_valid ? ExitCode::ok : ExitCode::integrity_failure)}}));
  return is_valid ? ExitCode::ok : ExitCode::integrity_failure;
}

constexpr OptionSpec kOptions[] = {kDatasetArgument};

constexpr Example kExamples[] = {
    {"forgelm data verify support-chats@1.0.0", "exit code 6 and the files' names when something differs"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_data_verify = {
    .name = "data verify",
    .summary = "Check that a data set still is what was registered",
    .details =
        "Hashes every file and compares with the record. A file that is missing, that differs, or that has appeared in "
        "the directory since is named, and the exit code is 6.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
