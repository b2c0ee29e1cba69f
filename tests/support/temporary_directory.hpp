// A directory of its own for a test, removed with everything in it at the end.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace forgelm::test {

/// For tests that write thousands of small files durably: a file system in memory where there is one with room.
inline std::filesystem::path memory_directory() {
  std::error_code error;
  const auto space = std::filesystem::space("/dev/shm", error);
  const bool has_room = !error && space.available != static_cast<std::uintmax_t>(-1) && space.available > (32u << 20);
  return has_room ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
}

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = (parent / "forgelm-test-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + name);
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace forgelm::test
