// What a job file keeps secret is in no diagnostic and no dump, whatever else is wrong around it.
#include "forgelm/config/load.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

constexpr std::string_view kCanary = "canary7f3a9";

std::string everything_said(const config::LoadedJob& loaded) {
  std::string said =
      render(loaded.diagnostics, DiagnosticStyle::text) + render(loaded.diagnostics, DiagnosticStyle::github);
  for (const auto& diagnostic : loaded.diagnostics)
    said += cat(diagnostic.message, diagnostic.allowed, diagnostic.hint, diagnostic.source_line, "\n");
  return said;
}

std::string block_job(const std::string& section, const std::string& body) {
  return cat("model: {name_or_path: m}\nlora: {}\ntraining: {}\ndata: {dataset_name_or_path: d}\n", section, ":\n",
             body);
}

}  // namespace

TEST_CASE("config: secrets are in no diagnostic and no dump") {
  int num_secrets = 0;
  for (const auto& placed : config::all_fields()) {
    if (!placed.field->is_secret) continue;
    ++num_secrets;
    const std::size_t dot = placed.path.find('.');
    const std::string section = placed.path.substr(0, dot), key = placed.path.substr(dot + 1);
    const std::string canary(kCanary);
    const std::string values[] = {canary,
                                  "\"" + canary + "\"",
                                  "[" + canary + "]",
                                  "{" + canary + ": 1}",
                                  "{a: " + canary + "}",
                                  "!!int " + canary,
                                  "*" + canary,
                                  "&" + canary + " [1]",
                                  "!" + canary + " x",
                                  "\"" + canary,
                                  "|\n    " + canary + "\n    more " + canary};
    for (const auto& value : values) {
      for (const auto& around :
           {std::string(), std::string("  nonsense: 1\n"), "  " + key + ": again" + canary + "\n"}) {
        const auto loaded = config::read_job(block_job(section, cat("  ", key, ": ", value, "\n", around)), "job.yaml");
        INFO(placed.path << ": " << value);
        CHECK(everything_said(loaded).find(canary) == std::string::npos);
        if (loaded.ok()) CHECK(dump(config::dump(loaded)).find(canary) == std::string::npos);
      }
    }
  }
  CHECK(num_secrets >= 2);
}

TEST_CASE("config: a webhook's address is in no diagnostic, whatever its form") {
  const std::string address = cat("https://hooks.example.org/services/", kCanary);
  for (const auto& value : {cat("[", address, "]"), cat("{a: ", address, "}"), cat("\"", address),
                            cat("!!int ", address), cat("\"", address, "\", url: 5"), cat("{", address, ": 1}")}) {
    const auto loaded =
        config::read_job(block_job("webhook", cat("  {url: ", value, ", timeout: soon}\n")), "job.yaml");
    INFO(value << "\n" << everything_said(loaded));
    CHECK_FALSE(loaded.ok());
    CHECK(everything_said(loaded).find(kCanary) == std::string::npos);
  }
}

TEST_CASE("config: a secret in the place of its section is in no diagnostic") {
  for (const char* section : {"webhook", "auth", "synthetic"})
    for (const auto& value : {std::string(kCanary), cat("url:", kCanary), cat("hf_token:", kCanary),
                              cat("api_key ", kCanary), cat("\"", kCanary, "\""), cat("[", kCanary, "]")}) {
      const auto loaded = config::read_job(block_job(section, cat("  ", value, "\n")), "job.yaml");
      INFO(section << ": " << value << "\n" << everything_said(loaded));
      CHECK_FALSE(loaded.ok());
      CHECK(everything_said(loaded).find(kCanary) == std::string::npos);
    }
}

TEST_CASE("config: a message that quotes a long value in part quotes no part of a secret") {
  const std::string token = "canary7f3a9abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz";
  for (const char* tag : {"!!int", "!!float", "!!bool", "!!timestamp", "!!binary"}) {
    const auto loaded = config::read_job(block_job("auth", cat("  hf_token: ", tag, " ", token, "\n")), "job.yaml");
    INFO(everything_said(loaded));
    CHECK(everything_said(loaded).find("canary") == std::string::npos);
  }
}

TEST_CASE("config: a misspelt secret key keeps its value secret") {
  for (const char* key : {"hf_tokn", "token", "hf-token", "hftoken", "password", "api_key"}) {
    const auto loaded = config::read_job(block_job("auth", cat("  ", key, ": ", kCanary, "\n")), "job.yaml");
    INFO(key << "\n" << everything_said(loaded));
    CHECK_FALSE(loaded.ok());
    CHECK(everything_said(loaded).find(kCanary) == std::string::npos);
  }
}
