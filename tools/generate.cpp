// Writes the repository's generated files: generate ROOT. See tools/refresh.
#include <filesystem>
#include <iostream>

#include "forgelm/cli/generated.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: generate ROOT\n";
    return 1;
  }
  try {
    for (const auto& file : forgelm::cli::generated_files()) {
      const std::filesystem::path path = std::filesystem::path(argv[1]) / file.path;
      if (forgelm::read_file_if_exists(path) == file.text) continue;
      std::filesystem::create_directories(path.parent_path());
      forgelm::write_file_durably(path, file.text);
      std::cout << "wrote " << file.path << "\n";
    }
  } catch (const forgelm::Error& error) {
    std::cerr << "error: " << error.what() << "\n";
    return static_cast<int>(error.exit_code());
  }
}
