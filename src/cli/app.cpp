// Everything between argv and the exit code. The one place where exceptions end.
#include "forgelm/cli/app.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/terminal.hpp"
#include "forgelm/core/text.hpp"
#include "help.hpp"
#include "option_value.hpp"
#include "parse.hpp"
#include "version_text.hpp"

namespace forgelm::cli {
namespace {

/// A file opened later must not become stdout by taking its number; a write to a closed stdout must still fail.
void hold_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

OutputFormat format_of(const std::string& text) { return from_text<OutputFormat>(text).value_or(OutputFormat::text); }

void apply_common(const Arguments& arguments, OutputFormat format) {
  set_color_choice(arguments.choice<ColorChoice>("color"));
  set_progress_quiet(arguments.flag("quiet"));
  if (arguments.is_given("log-level")) set_log_level(arguments.choice<LogLevel>("log-level"));
  else if (arguments.flag("quiet") || format == OutputFormat::json) set_log_level(LogLevel::WARNING);
}

/// Errors without a place in a file, as text, as an annotation, or in the document.
ExitCode fail(Output& output, ExitCode code, const std::string& message, const std::string& hint,
              Json extra = Json::object()) {
  Json document = Json::object({{"success", false}, {"error", message}, {"exit_code", static_cast<int>(code)}});
  if (!hint.empty()) document.set("hint", hint);
  for (auto& [key, value] : extra.members()) document.set(key, std::move(value));
  output.set_document(std::move(document));
  if (output.format() == OutputFormat::github) {
    output.report({Diagnostic{Severity::error, "error", "", {}, message, "", hint}});
  } else if (!output.is_json()) {
    output.flush();
    Output::complain(message, hint);
  }
  return code;
}

ExitCode fail(Output& output, const ConfigError& error) {
  if (error.diagnostics().empty()) return fail(output, error.exit_code(), error.what(), error.hint());
  output.report(error.diagnostics());
  output.set_document(Json::object({{"success", false},
                                    {"error", error.what()},
                                    {"exit_code", static_cast<int>(error.exit_code())},
                                    {"errors", to_json(error.diagnostics())}}));
  return error.exit_code();
}

ExitCode fail(Output& output, const RunError& error) {
  Json details = Json::object();
  for (const auto& [name, value] : error.fields()) details.set(name, value);
  return fail(output, error.exit_code(), error.what(), error.hint(),
              Json::object({{"kind", to_string(error.kind())}, {"details", std::move(details)}}));
}

ExitCode answer(const Request& request, const Arguments& arguments, Output& output) {
  switch (request.kind) {
    case Request::Kind::help: {
      const std::string text = !request.group.empty()       ? group_text(request.group, output.width())
                               : request.command == nullptr ? overview_text(output.width())
                                                            : help_text(*request.command, output.width());
      output.print(text);
      output.set_document(Json::object({{"success", true}, {"help", text}}));
      return ExitCode::ok;
    }
    case Request::Kind::version:
      output.print(version_text());
      output.set_document(version_json());
      return ExitCode::ok;
    case Request::Kind::run: return request.command->run(arguments, output);
  }
  return ExitCode::run_error;
}

ExitCode run(const std::vector<std::string>& words, Output& output) {
  try {
    const Request request = parse(words);
    const CommandSpec& command = request.command != nullptr ? *request.command : *find_command("");
    const Arguments arguments(command, request.values);
    output = Output(format_of(arguments.text("output-format")), arguments.flag("quiet"));
    apply_common(arguments, output.format());
    failpoint::arm_from_environment();  // for tests of kills and failing disks; costs nothing when not set
    return answer(request, arguments, output);
  } catch (const UsageError& error) {
    const std::string help =
        cat("`forgelm ", error.command(), error.command().empty() ? "" : " ", "--help` tells more");
    return fail(output, error.exit_code(), error.what(), error.hint().empty() ? help : error.hint());
  } catch (const ConfigError& error) {
    return fail(output, error);
  } catch (const RunError& error) {
    return fail(output, error);
  } catch (const std::bad_alloc&) {
    return fail(output, ExitCode::run_error, "out of memory", "", Json::object({{"kind", "out_of_memory"}}));
  } catch (const std::exception& error) {
    return fail(output, ExitCode::run_error, cat("internal error: ", error.what()),
                "this is a defect of forgelm: please report it with the command line",
                Json::object({{"kind", "internal"}}));
  }
}

}  // namespace

int run_main(int argc, const char* const* argv) noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  hold_standard_streams();
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    Output output(format_of(early_value(words, "output-format")));
    ExitCode code = run(words, output);
    try {
      output.finish(code == ExitCode::ok);
    } catch (const RunError& error) {
      code = code == ExitCode::ok ? error.exit_code() : code;
      Output::complain(error.what(), error.hint());
    }
    return static_cast<int>(code);
  } catch (...) {
    Output::complain("out of memory before anything was done", "");
    return static_cast<int>(ExitCode::run_error);
  }
}

}  // namespace forgelm::cli
