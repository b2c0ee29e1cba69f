#include "forgelm/core/os_error.hpp"

#include <cerrno>
#include <system_error>

#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

struct ErrnoName {
  int value;
  std::string_view name;
};

// Our own list: glibc's strerrorname_np is absent from other C libraries.
constexpr ErrnoName kErrnoNames[] = {
    {EPERM, "EPERM"},         {ENOENT, "ENOENT"},         {EINTR, "EINTR"},         {EIO, "EIO"},
    {EBADF, "EBADF"},         {EAGAIN, "EAGAIN"},         {ENOMEM, "ENOMEM"},       {EACCES, "EACCES"},
    {EBUSY, "EBUSY"},         {EEXIST, "EEXIST"},         {EXDEV, "EXDEV"},         {ENODEV, "ENODEV"},
    {ENOTDIR, "ENOTDIR"},     {EISDIR, "EISDIR"},         {EINVAL, "EINVAL"},       {ENFILE, "ENFILE"},
    {EMFILE, "EMFILE"},       {ETXTBSY, "ETXTBSY"},       {EFBIG, "EFBIG"},         {ENOSPC, "ENOSPC"},
    {ESPIPE, "ESPIPE"},       {EROFS, "EROFS"},           {EMLINK, "EMLINK"},       {EPIPE, "EPIPE"},
    {ENOLCK, "ENOLCK"},       {ENOSYS, "ENOSYS"},         {ENOTEMPTY, "ENOTEMPTY"}, {ELOOP, "ELOOP"},
    {EDQUOT, "EDQUOT"},       {ESTALE, "ESTALE"},         {EOVERFLOW, "EOVERFLOW"}, {ENAMETOOLONG, "ENAMETOOLONG"},
    {ETIMEDOUT, "ETIMEDOUT"}, {EOPNOTSUPP, "EOPNOTSUPP"},
};

std::string default_hint(int error_number) {
  switch (error_number) {
    case ENOSPC: return "free space on that file system and run again; nothing half-written was left in place";
    case EDQUOT: return "the disk quota of this user is used up; free space or ask for more, and run again";
    case EACCES:
    case EPERM: return "check the owner and the permissions of the path and of its directory";
    case EROFS: return "the file system is mounted read-only; choose a directory elsewhere";
    default: return "";
  }
}

}  // namespace

std::string errno_name(int error_number) {
  for (const auto& known : kErrnoNames)
    if (known.value == error_number) return std::string(known.name);
  return cat("errno ", error_number);
}

std::optional<int> errno_from_name(std::string_view name) {
  for (const auto& known : kErrnoNames)
    if (known.name == name) return known.value;
  return std::nullopt;
}

RunError os_error(std::string_view operation, std::string_view path, int error_number, std::string hint,
                  CodePlace where) {
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT;
  const std::string name = errno_name(error_number);
  return RunError(
      is_full ? RunErrorKind::out_of_disk : RunErrorKind::io,
      cat("cannot ", operation, " ", path, ": ", std::generic_category().message(error_number), " (", name, ")"),
      hint.empty() ? default_hint(error_number) : std::move(hint),
      {{"path", std::string(path)}, {"errno", name}, {"operation", std::string(operation)}}, where);
}

}  // namespace forgelm
