// Test-only: reads documents from stdin and writes what read_yaml makes of them, for tools/golden/yaml/differential.py.
// In: a decimal length, a line break, that many bytes; again and again. Out, for each: "ok <tree>" or
// "error <code> <line>:<column> <message>" and a line break.
#include "config/yaml_dump.hpp"

#include <iostream>
#include <string>

int main() {
  std::ios::sync_with_stdio(false);
  std::string header;
  while (std::getline(std::cin, header)) {
    std::string bytes(std::stoul(header), '\0');
    std::cin.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto document = forgelm::config::read_yaml(bytes, "document");
    if (!forgelm::has_errors(document.diagnostics)) {
      std::cout << "ok " << forgelm::config::test::dump(document.root) << '\n';
    } else {
      const forgelm::Diagnostic& error = document.diagnostics.front();
      std::cout << "error " << error.code << ' ' << error.spot.line << ':' << error.spot.column << ' '
                << forgelm::config::test::dump_text(error.message) << '\n';
    }
    std::cout.flush();
  }
}
