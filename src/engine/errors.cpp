#include "engine/errors.hpp"

#include <c10/util/Exception.h>

#include <new>

#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr Logger logger("forgelm.engine");

/// libtorch throws many causes as plain c10::Error; its texts tell them apart.
RunErrorKind kind_of(const c10::Error& error, std::string_view message) {
  const auto says = [message](std::string_view text) { return message.find(text) != std::string_view::npos; };
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr || says("can't allocate memory") ||
      says("out of memory"))
    return RunErrorKind::out_of_memory;
  if (dynamic_cast<const c10::DistNetworkError*>(&error) != nullptr) return RunErrorKind::network;
  if (dynamic_cast<const c10::AcceleratorError*>(&error) != nullptr || says("CUDA error") || says("CUDA driver") ||
      says("CUDNN_STATUS") || says("CUBLAS_STATUS"))
    return RunErrorKind::device;
  return RunErrorKind::internal;
}

std::string hint_for(RunErrorKind kind) {
  switch (kind) {
    case RunErrorKind::out_of_memory: return "make the batch or the sequences shorter, or free memory of the device";
    case RunErrorKind::device: return "nvidia-smi and the system log (dmesg) show the state of the GPU";
    default: return "";
  }
}

class ToLog final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override { logger.warning("libtorch: ", warning.msg()); }
};

}  // namespace

void pass_allocation(const failpoint::Hit& hit) {
  TORCH_CHECK_WITH(OutOfMemoryError, hit.error_number == 0, "out of memory (a test asked for it)");
}

LoggedWarnings::LoggedWarnings() noexcept : before_(c10::WarningUtils::get_warning_handler()) {
  static ToLog to_log;
  c10::WarningUtils::set_warning_handler(&to_log);
}

LoggedWarnings::~LoggedWarnings() {
  c10::WarningUtils::set_warning_handler(static_cast<c10::WarningHandler*>(before_));
}

void rethrow_translated(std::string_view task) {
  const auto fail = [task](RunErrorKind kind, std::string_view message) -> RunError {
    return {kind, cat("cannot ", task, ": ", message.substr(0, message.find('\n'))), hint_for(kind)};
  };
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    logger.debug("cannot ", task, ": ", error.what());
    throw fail(kind_of(error, message), message);
  } catch (const std::bad_alloc&) {
    throw fail(RunErrorKind::out_of_memory, "the host has no memory left");
  } catch (const std::exception& error) {
    throw fail(RunErrorKind::internal, error.what());
  } catch (...) {
    throw fail(RunErrorKind::internal, "something that is no std::exception was thrown");
  }
}

}  // namespace forgelm::engine
