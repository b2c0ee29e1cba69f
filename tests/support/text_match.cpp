#include "support/text_match.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/temporary_directory.hpp"

namespace forgelm::test {
namespace {

bool line_matches(std::string_view expected, std::string_view actual) {
  const std::size_t mark = expected.find("<*>");
  if (mark == std::string_view::npos) return expected == actual;
  if (actual.substr(0, mark) != expected.substr(0, mark)) return false;
  const std::string_view rest = expected.substr(mark + 3);
  for (std::size_t at = mark; at <= actual.size(); ++at)
    if (line_matches(rest, actual.substr(at))) return true;
  return false;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool matches_from(const std::vector<std::string>& expected, std::size_t e, const std::vector<std::string>& actual,
                  std::size_t a) {
  for (; e < expected.size(); ++e, ++a) {
    if (expected[e] == "...") {
      for (std::size_t next = a; next <= actual.size(); ++next)
        if (matches_from(expected, e + 1, actual, next)) return true;
      return false;
    }
    if (a == actual.size() || !line_matches(expected[e], actual[a])) return false;
  }
  return a == actual.size();
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  return matches_from(expected, 0, actual, 0);
}

ProcessResult run_script(const std::string& script, const std::string& folder) {
  const TemporaryDirectory streams;
  const std::string out = (streams / "out").native(), err = (streams / "err").native();
  const std::string path = std::string("PATH=") + FORGELM_BINARY_DIR + "/bin:/usr/local/bin:/usr/bin:/bin",
                    home = "HOME=" + folder;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const int in_fd = ::open("/dev/null", O_RDONLY);
    const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT, 0600),
              err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT, 0600);
    if (::chdir(folder.c_str()) != 0 || ::dup2(in_fd, 0) < 0 || ::dup2(out_fd, 1) < 0 || ::dup2(err_fd, 2) < 0)
      ::_exit(126);
    for (int fd = 3; fd < 64; ++fd) ::close(fd);
    const char* const arguments[] = {"bash", "--noprofile", "--norc", "-c", script.c_str(), nullptr};
    const char* const variables[] = {path.c_str(), home.c_str(), "LANG=C.UTF-8", "SOURCE=" FORGELM_SOURCE_DIR, nullptr};
    ::execve("/bin/bash", const_cast<char* const*>(arguments), const_cast<char* const*>(variables));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw std::runtime_error("waitpid failed");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(out), contents(err)};
}

}  // namespace forgelm::test
