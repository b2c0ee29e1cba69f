// A typo in a key's name finds the right name: made-up typos of every kind people make, for every field.
#include <random>

#include "forgelm/config/load.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

/// The keys beside a key on a QWERTY keyboard.
char neighbour(char c, std::mt19937& rng) {
  static const std::string kRows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"};
  for (const auto& row : kRows) {
    const std::size_t at = row.find(c);
    if (at == std::string::npos) continue;
    const bool left = at > 0 && (at + 1 == row.size() || rng() % 2 == 0);
    return row[left ? at - 1 : at + 1];
  }
  return '-';
}

std::vector<std::string> typos_of(const std::string& name, std::mt19937& rng) {
  std::vector<std::string> typos;
  for (int i = 0; i < 3; ++i) {
    const std::size_t at = rng() % name.size();
    std::string dropped = name, doubled = name, swapped = name, hit = name;
    dropped.erase(at, 1);
    doubled.insert(at, 1, name[at]);
    if (at + 1 < name.size()) std::swap(swapped[at], swapped[at + 1]);
    hit[at] = neighbour(name[at], rng);
    for (const auto& typo : {dropped, doubled, swapped, hit}) typos.push_back(typo);
  }
  if (const std::size_t at = name.find('_'); at != std::string::npos) {
    std::string joined = name, hyphen = name, camel = name;
    joined.erase(at, 1);
    hyphen[at] = '-';
    camel.erase(at, 1);
    camel[at] = ascii_upper(camel[at]);
    for (const auto& typo : {joined, hyphen, camel}) typos.push_back(typo);
  }
  return typos;
}

std::string job_with_key(const std::string& path, const std::string& key) {
  std::string text = "{model: {name_or_path: m}, lora: {}, training: {}, data: {dataset_name_or_path: d}}";
  // Only the sections on the way matter: what else is missing is reported beside the unknown key.
  std::string inner = key + ": 1";
  const auto parts = split(path, '.');
  for (std::size_t i = parts.size() - 1; i-- > 0;) {
    const bool is_list = parts[i].ends_with("[]");
    inner = cat(is_list ? parts[i].substr(0, parts[i].size() - 2) : parts[i], is_list ? ": [{" : ": {", inner,
                is_list ? "}]" : "}");
  }
  return cat("{", inner, "}\n");
}

}  // namespace

TEST_CASE("config: a typo in a key's name finds the right name in 95 of 100 cases") {
  std::mt19937 rng(7);
  int num_typos = 0, num_found = 0;
  std::string missed;
  for (const auto& placed : config::all_fields()) {
    const std::string& name = placed.field->name;
    if (name.size() < 2) continue;  // `r`: a typo in one letter is another word
    for (const auto& typo : typos_of(name, rng)) {
      if (placed.owner->find(typo) != nullptr) continue;
      const auto loaded = config::read_job(job_with_key(placed.path, typo), "job.yaml");
      ++num_typos;
      bool found = false;
      for (const auto& diagnostic : loaded.diagnostics)
        found = found || (diagnostic.code == "unknown_key" && diagnostic.hint == cat("did you mean ", name, "?"));
      num_found += found;
      if (!found) missed += cat("  ", placed.path, ": ", typo, "\n");
    }
  }
  INFO(num_found << " of " << num_typos << "; missed:\n" << missed);
  CHECK(num_typos > 3000);
  CHECK(num_found * 100 >= num_typos * 95);
}
