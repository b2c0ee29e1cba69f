// Test-only: reads job files from stdin and writes what read_job makes of them, for
// tools/golden/config/differential.py. In: a decimal length, a line break, that many bytes; again and again. Out, for
// each: "ok <resolved configuration>" or "refused <path>: <message>; ..." and a line break. Rules look at the working
// directory: start it in an empty one.
#include <iostream>
#include <string>

#include "forgelm/config/load.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

int main() {
  using namespace forgelm;
  std::ios::sync_with_stdio(false);
  std::string header;
  while (std::getline(std::cin, header)) {
    std::string bytes(std::stoul(header), '\0');
    std::cin.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const config::LoadedJob loaded = config::read_job(bytes, "job.yaml");
    if (loaded.ok()) {
      std::cout << "ok " << dump(config::dump(loaded), {.sort_keys = true}) << '\n';
    } else {
      std::string problems;
      for (const auto& diagnostic : loaded.diagnostics)
        if (diagnostic.severity == Severity::error)
          problems += cat(problems.empty() ? "" : "; ", diagnostic.path, ": ", diagnostic.message);
      std::cout << "refused " << dump(Json(problems)) << '\n';
    }
    std::cout.flush();
  }
}
