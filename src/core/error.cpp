#include "forgelm/core/error.hpp"

namespace forgelm {

Error::Error(const std::string& message, std::string hint, CodePlace where)
    : std::runtime_error(message), hint_(std::move(hint)), where_(where) {}
Error::~Error() = default;

ConfigError::ConfigError(const std::string& message, std::string hint, CodePlace where)
    : Error(message, std::move(hint), where) {}
ConfigError::ConfigError(std::vector<Diagnostic> diagnostics, CodePlace where)
    : Error(render(diagnostics, DiagnosticStyle::text), "", where), diagnostics_(std::move(diagnostics)) {}
ConfigError::~ConfigError() = default;

RunError::RunError(RunErrorKind kind, const std::string& message, std::string hint, Fields fields, CodePlace where)
    : Error(message, std::move(hint), where), kind_(kind), fields_(std::move(fields)) {}
RunError::~RunError() = default;

const char* to_string(RunErrorKind kind) noexcept {
  switch (kind) {
    case RunErrorKind::io: return "io";
    case RunErrorKind::data: return "data";
    case RunErrorKind::device: return "device";
    case RunErrorKind::out_of_memory: return "out_of_memory";
    case RunErrorKind::out_of_disk: return "out_of_disk";
    case RunErrorKind::diverged: return "diverged";
    case RunErrorKind::network: return "network";
    case RunErrorKind::store: return "store";
    case RunErrorKind::interrupted: return "interrupted";
    case RunErrorKind::internal: return "internal";
  }
  return "internal";
}

}  // namespace forgelm
