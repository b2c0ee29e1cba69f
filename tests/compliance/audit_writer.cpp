// Appends to an audit log, for the tests and tools that kill or starve a writer: audit_writer DIR COUNT TAG [BYTES
// [KEY]] writes COUNT entries with details TAG-0, TAG-1, ... padded to BYTES, and a line "TAG-i" on standard output
// once each is on record. Standard output is written at once, so that a reader knows what was acknowledged before a
// kill.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/error.hpp"

namespace {

void acknowledge(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(3);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) return 1;
  const std::string tag = argv[3];
  forgelm::compliance::AuditLogOptions options{.directory = argv[1]};
  if (argc > 5) options.key = forgelm::PrivateKey::from_pem_file(argv[5]);
  const std::string padding(argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 0, 'x');
  acknowledge("begin");
  forgelm::compliance::AuditLog log(std::move(options));
  for (long i = 0; i < std::strtol(argv[2], nullptr, 10); ++i) {
    const std::string what = tag + "-" + std::to_string(i);
    forgelm::Json details = forgelm::Json::object({{"model", what}});
    if (!padding.empty()) details.set("trainer_type", padding);
    log.record({"pipeline.initialized", std::move(details)});
    acknowledge(what);
  }
  return 0;
} catch (const forgelm::Error& error) {
  std::cerr << error.what() << "\n";
  return static_cast<int>(error.exit_code());
}
