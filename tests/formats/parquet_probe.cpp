// What a process can see only once: whether Arrow is mapped, before and after the first Parquet file.
//
//   parquet_probe [FILE]
//
// Prints the number of rows, or the error and its hint, then parquet_problem(), then what is mapped and how many
// threads the process has.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "formats/parquet.hpp"

namespace {

using namespace forgelm;

void print_mapped() {
  std::ifstream in("/proc/self/maps");
  const std::string maps{std::istreambuf_iterator<char>(in), {}};
  std::printf("mapped:");
  for (const char* name : {"libforgelm_parquet", "libarrow", "libparquet"})
    if (maps.find(name) != std::string::npos) std::printf(" %s", name);
  std::printf("\nthreads:");
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name != "parquet_probe") std::printf(" %s", name.c_str());
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    try {
      const auto reader = formats::open_parquet(argv[1], {});
      int num_rows = 0;
      for (formats::Row row; reader->next(row);) ++num_rows;
      std::printf("rows: %d\n", num_rows);
    } catch (const ConfigError& error) {
      std::printf("config: %s\nhint: %s\n", error.what(), error.hint().c_str());
    }
    std::printf("problem: %s\n", formats::parquet_problem().c_str());
  }
  print_mapped();
}
