#include "audit_outputs.hpp"

#include "forgelm/audit/findings.hpp"
#include "forgelm/audit/html_report.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileOptions[] = {"sarif", "html"};

/// Where paths in findings count from: the repository of a GitHub step, else
/// the current folder.
fs::path repository_root() {
  const auto workspace = environment().variable("GITHUB_WORKSPACE");
  return workspace && !workspace->empty() ? fs::path(*workspace) : fs::current_path();
}

}  // namespace

void check_audit_outputs(const Arguments& arguments) {
  for (const char* const option : kFileOptions) {
    const auto value = arguments.maybe_text(option);
    if (!value) continue;
    const fs::path path = *value;
    std::error_code error;
    if (fs::is_directory(path, error) || !path.has_filename())
      throw UsageError("audit", cat("--", option, " ", quote(*value), " is a folder"), "name a file");
    const fs::path folder = fs::absolute(path).parent_path();
    if (!fs::is_directory(folder, error))
      throw UsageError("audit", cat("--", option, " ", quote(*value), ": there is no folder ", quote(folder.native())),
                       "make it first");
  }
}

void write_audit_outputs(const audit::AuditReport& report, const Arguments& arguments, Output& output) {
  static constexpr JsonStyle kIndented{.indent = 2, .ensure_ascii = false};
  if (const auto path = arguments.maybe_text("sarif")) {
    write_file_durably(*path, dump(audit::sarif_log(report, repository_root()), kIndented));
    output.print(cat("SARIF log written to: ", *path, "\n"));
  }
  if (const auto path = arguments.maybe_text("html")) {
    write_file_durably(*path, audit::html_report(report));
    output.print(cat("Page written to: ", *path, "\n"));
  }
  if (output.format() == OutputFormat::github) {
    output.flush();
    output.report(audit::finding_diagnostics(report, repository_root()));
  }
}

}  // namespace forgelm::cli
