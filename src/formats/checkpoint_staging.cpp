#include "checkpoint_staging.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <utility>
#include <vector>

#include "forgelm/core/env.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.checkpoints");
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kStaging = "staging";
constexpr std::string_view kReplaced = "replaced";

const std::string& process_token() {
  static const std::string token = random_hex(4);
  return token;
}

/// A number without sign and leading zeros at the start of `text`, which is taken off.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto length = static_cast<std::size_t>(parsed.ptr - text.data());
  if (parsed.ec != std::errc() || text[0] == '-' || (text[0] == '0' && length > 1)) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

bool take(std::string_view& text, std::string_view part) {
  if (text.substr(0, part.size()) != part) return false;
  text.remove_prefix(part.size());
  return true;
}

struct HiddenName {
  std::int64_t step = 0;
  pid_t pid = 0;
  std::string_view token;
  std::string_view kind;
};

std::optional<HiddenName> parse_hidden(std::string_view name) {
  HiddenName hidden;
  if (!take(name, ".") || !take(name, kPrefix)) return std::nullopt;
  const auto step = take_number(name);
  if (!step || !take(name, ".")) return std::nullopt;
  const auto pid = take_number(name);
  if (!pid || *pid <= 0 || !std::in_range<pid_t>(*pid) || !take(name, "-")) return std::nullopt;
  hidden.step = *step;
  hidden.pid = static_cast<pid_t>(*pid);
  hidden.token = name.substr(0, name.find('-'));
  name.remove_prefix(hidden.token.size());
  if (!take(name, "-") || !take_number(name) || !take(name, ".")) return std::nullopt;
  if (name != kStaging && name != kReplaced) return std::nullopt;
  hidden.kind = name;
  return hidden;
}

bool is_stale(const fs::path& path, const HiddenName& name) {
  const bool is_number_of_ours = name.pid == ::getpid();
  if (!is_number_of_ours && (::kill(name.pid, 0) == 0 || errno != ESRCH)) return false;
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  const bool is_held = !is_free && (errno == EWOULDBLOCK || errno == EINTR);
  ::close(fd);
  if (is_held) return false;
  return is_free || !(is_number_of_ours && name.token == process_token());
}

/// Calls `visit` with the stale hidden folders of `kind`.
template <class Visit>
void for_each_stale(const fs::path& run_folder, std::string_view kind, Visit visit) noexcept try {
  std::vector<std::pair<fs::path, std::int64_t>> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(run_folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().native();
    const auto hidden = parse_hidden(name);
    if (hidden && hidden->kind == kind && is_stale(entry->path(), *hidden))
      found.emplace_back(entry->path(), hidden->step);
  }
  for (const auto& [path, step] : found) visit(path, step);
} catch (const std::exception& error) {  // housekeeping: the next writer tries again
  logger.debug("leftovers in ", run_folder.native(), ": ", error.what());
}

}  // namespace

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!take(name, kPrefix)) return std::nullopt;
  const auto step = take_number(name);
  return name.empty() ? step : std::nullopt;
}

std::string folder_name(std::int64_t step) { return cat(kPrefix, step); }

fs::path hidden_name(const fs::path& run_folder, std::int64_t step, std::string_view kind) {
  static std::atomic<unsigned> counter{0};
  return run_folder / cat(".", folder_name(step), ".", ::getpid(), "-", process_token(), "-", counter++, ".", kind);
}

Staging::Staging(const fs::path& run_folder, std::int64_t step)
    : path_(hidden_name(run_folder, step, kStaging)), owner_(::getpid()) {
  const failpoint::Hit hit = FORGELM_FAILPOINT("checkpoint.stage");
  if (hit.error_number != 0) errno = hit.error_number;
  if (hit.error_number != 0 || ::mkdir(path_.c_str(), 0777) != 0)
    throw os_error("make the folder", path_.native(), errno);
  fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  // Where folders cannot be locked (some network file systems) the process in the name alone protects it.
  if (fd_ >= 0) static_cast<void>(::flock(fd_, LOCK_EX | LOCK_NB));
}

void Staging::release() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  path_.clear();
}

Staging::~Staging() { discard(); }

void Staging::discard() noexcept {
  const fs::path path = std::move(path_);
  release();
  if (path.empty() || owner_ != ::getpid()) return;
  try {
    remove_tree(path);
  } catch (const std::exception& error) {
    logger.debug(path.native(), " stays for the next writer to remove: ", error.what());
  }
}

void recover(const fs::path& run_folder) noexcept {
  for_each_stale(run_folder, kReplaced, [&](const fs::path& path, std::int64_t step) {
    const fs::path place = run_folder / folder_name(step);
    if (fs::symlink_status(place).type() != fs::file_type::not_found) return;
    move(path, place);
    sync_directory(run_folder);
    logger.warning(place.native(), " is back: a run was killed while it replaced this checkpoint");
  });
}

void clean(const fs::path& run_folder) noexcept {
  recover(run_folder);
  for (const std::string_view kind : {kReplaced, kStaging})
    for_each_stale(run_folder, kind, [&](const fs::path& path, std::int64_t step) {
      const fs::path place = run_folder / folder_name(step);
      if (kind == kReplaced && fs::symlink_status(place).type() == fs::file_type::not_found) return;
      remove_tree(path);
    });
}

void move(const fs::path& from, const fs::path& to) {
  const failpoint::Hit hit = FORGELM_FAILPOINT("checkpoint.move");
  if (hit.error_number != 0) throw os_error("move", from.native(), hit.error_number);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  int error_number = errno;
  if (error_number == EINVAL || error_number == ENOSYS || error_number == EOPNOTSUPP) {
    // The file system cannot promise not to replace; the lock of the run keeps other writers out.
    if (fs::symlink_status(to).type() != fs::file_type::not_found) error_number = EEXIST;
    else if (::rename(from.c_str(), to.c_str()) == 0) return;
    else error_number = errno;
  }
  throw os_error("move", from.native(), error_number);
}

void move_over(const fs::path& from, const fs::path& to) {
  const failpoint::Hit hit = FORGELM_FAILPOINT("checkpoint.move");
  if (hit.error_number != 0) throw os_error("move", from.native(), hit.error_number);
  if (::rename(from.c_str(), to.c_str()) != 0) throw os_error("move", from.native(), errno);
}

void remove_tree(const fs::path& path) {
  const fs::file_status status = fs::symlink_status(path);
  if (fs::is_directory(status)) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
      entries.push_back(entry->path());
    if (error) throw os_error("list", path.native(), error.value());
    for (const fs::path& entry : entries) remove_tree(entry);
  }
  const failpoint::Hit hit = FORGELM_FAILPOINT("checkpoint.remove");
  if (hit.error_number != 0) throw os_error("remove", path.native(), hit.error_number);
  if (::remove(path.c_str()) != 0 && errno != ENOENT) throw os_error("remove", path.native(), errno);
}

void remove_whole(const fs::path& run_folder, std::int64_t step) {
  const fs::path hidden = hidden_name(run_folder, step, kStaging);
  move(run_folder / folder_name(step), hidden);
  // The name must be gone on the disk before the files are, or a power cut leaves a checkpoint without them.
  sync_directory(run_folder);
  try {
    remove_tree(hidden);
  } catch (const RunError& error) {
    logger.warning("a part of the removed checkpoint stays for the next writer to remove: ", error.what());
  }
}

}  // namespace forgelm::formats::checkpoint
