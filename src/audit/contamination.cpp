#include "forgelm/audit/contamination.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/rows.hpp"
#include "word_grams.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxItems = std::size_t{1} << 24, kMaxGrams = std::size_t{1} << 27;

bool is_row_file(const fs::path& path) {
  try {
    formats::row_file_kind(path);
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

/// The files of a benchmark, in the order of their paths.
std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
    if (entry.is_regular_file(error) && is_row_file(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty()) throw ConfigError(cat("benchmark ", path.native(), ": there are no files of rows in this folder"));
  return files;
}

void for_each_text(const Json& value, const std::function<void(const std::string&)>& take) {
  if (value.kind() == Json::Kind::text) take(value.text());
  else if (value.kind() == Json::Kind::array)
    for (const Json& item : value.items()) for_each_text(item, take);
  else if (value.kind() == Json::Kind::object)
    for (const auto& [key, item] : value.members()) for_each_text(item, take);
}

}  // namespace

BenchmarkSource parse_benchmark(const std::string& text) {
  BenchmarkSource source;
  std::error_code error;
  const std::size_t equals = text.find('=');
  if (fs::exists(text, error) || equals == std::string::npos) {
    source = {fs::path(text).lexically_normal().stem().native(), text};
  } else {
    source = {text.substr(0, equals), text.substr(equals + 1)};
  }
  if (source.name.empty()) throw ConfigError(cat("benchmark ", quote(text), " has no name"), "write NAME=FILE");
  if (!fs::exists(source.path, error))
    throw ConfigError(cat("benchmark ", source.name, ": there is no ", source.path.native()),
                      "give a file of rows, a folder of such files, or NAME=FILE");
  return source;
}

BenchmarkIndex::BenchmarkIndex(const std::vector<BenchmarkSource>& sources, int ngram)
    : ngram_(ngram), table_(std::make_unique<GramTable>()) {
  if (ngram < 2 || ngram > 64) throw ConfigError(cat("n-grams have 2 to 64 words, not ", ngram));
  if (sources.size() > kMaxBenchmarks)
    throw ConfigError(cat(sources.size(), " benchmarks at once; at most ", kMaxBenchmarks, " can be compared"));
  for (const BenchmarkSource& source : sources) {
    for (const Benchmark& other : benchmarks_)
      if (other.name == source.name)
        throw ConfigError(cat("two benchmarks are called ", source.name), "name them: NAME=FILE");
    benchmarks_.push_back({});
    benchmarks_.back().name = source.name;
    benchmarks_.back().first_item = items_.size();
    for (const fs::path& file : files_of(source.path)) add_file(benchmarks_.size() - 1, file);
    benchmarks_.back().num_items = items_.size() - benchmarks_.back().first_item;
    if (benchmarks_.back().num_items == 0)
      throw ConfigError(cat("benchmark ", source.name, ": there are no rows in ", source.path.native()));
  }
  std::sort(gram_sizes_.begin(), gram_sizes_.end());
}

BenchmarkIndex::~BenchmarkIndex() = default;

void BenchmarkIndex::add_file(std::size_t benchmark, const fs::path& path) {
  const auto reader = formats::open_rows(path);
  const auto file = static_cast<std::uint32_t>(benchmarks_[benchmark].files.size());
  formats::Row row;
  WordHashes words;
  std::vector<std::uint32_t> grams;
  while (reader->next(row)) {
    grams.clear();
    for_each_text(row.value, [&](const std::string& text) {
      words.read(text);
      // A string that is too short for a whole n-gram is one by itself.
      const int size = static_cast<int>(std::min<std::size_t>(words.size(), static_cast<std::size_t>(ngram_)));
      if (size < std::min(ngram_, kMinBenchmarkWords)) return;
      if (std::find(gram_sizes_.begin(), gram_sizes_.end(), size) == gram_sizes_.end()) gram_sizes_.push_back(size);
      words.for_each_gram(size, [&](std::uint64_t hash) { grams.push_back(table_->add(hash)); });
    });
    std::sort(grams.begin(), grams.end());
    grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
    if (grams.empty()) ++benchmarks_[benchmark].num_items_too_short;
    items_.push_back({file, row.line, row.number, item_grams_.size(), grams.size()});
    item_grams_.insert(item_grams_.end(), grams.begin(), grams.end());
    for (const std::uint32_t gram : grams) {
      if (gram >= gram_benchmarks_.size()) gram_benchmarks_.resize(gram + std::size_t{1}, 0);
      gram_benchmarks_[gram] |= std::uint64_t{1} << benchmark;
    }
    if (items_.size() > kMaxItems || item_grams_.size() > kMaxGrams)
      throw ConfigError(cat("benchmark ", benchmarks_[benchmark].name, ": more than ", kMaxItems, " items or ",
                            kMaxGrams, " n-grams in all"));
  }
  benchmarks_[benchmark].files.push_back({path, sha256_file(path)});
}

std::vector<BenchmarkOverlap> find_overlaps(const BenchmarkIndex& index,
                                            const std::vector<const ContaminationProfile*>& splits) {
  struct Place {
    std::size_t split = 0;
    std::uint64_t line = 0, row = 0;
    bool is_found = false;
  };
  std::vector<Place> places(index.num_grams());
  for (std::size_t i = 0; i < splits.size(); ++i)
    if (splits[i] != nullptr)
      for (const GramPlace& place : splits[i]->places)
        if (!places[place.gram].is_found) places[place.gram] = {i, place.line, place.row, true};
  std::vector<BenchmarkOverlap> overlaps;
  for (std::size_t b = 0; b < index.benchmarks().size(); ++b) {
    const BenchmarkIndex::Benchmark& benchmark = index.benchmarks()[b];
    BenchmarkOverlap overlap;
    overlap.num_items = benchmark.num_items;
    overlap.num_items_judged = benchmark.num_items - benchmark.num_items_too_short;
    for (const ContaminationProfile* const split : splits)
      overlap.num_rows_touched.push_back(split == nullptr ? 0 : split->num_rows_touched[b]);
    for (std::size_t i = benchmark.first_item; i < benchmark.first_item + benchmark.num_items; ++i) {
      const BenchmarkIndex::Item& item = index.items()[i];
      ContaminatedItem touched;
      touched.item = i;
      const Place* first = nullptr;
      for (std::size_t k = item.first_gram; k < item.first_gram + item.num_grams; ++k) {
        const Place& place = places[index.item_grams()[k]];
        if (!place.is_found) continue;
        ++touched.num_found;
        if (first == nullptr || std::tie(place.split, place.row) < std::tie(first->split, first->row)) first = &place;
      }
      if (first == nullptr) continue;
      const double share = static_cast<double>(touched.num_found) / static_cast<double>(item.num_grams);
      touched.share = rounded(share, 4);
      touched.split = first->split;
      touched.line = first->line;
      touched.row = first->row;
      ++overlap.num_touched;
      overlap.num_half += share >= 0.5 ? 1 : 0;
      overlap.num_most += share >= 0.8 ? 1 : 0;
      overlap.items.push_back(touched);
    }
    std::stable_sort(
        overlap.items.begin(), overlap.items.end(),
        [](const ContaminatedItem& one, const ContaminatedItem& other) { return one.share > other.share; });
    if (overlap.num_items_judged > 0)
      overlap.rate = static_cast<double>(overlap.num_touched) / static_cast<double>(overlap.num_items_judged);
    overlaps.push_back(std::move(overlap));
  }
  return overlaps;
}

}  // namespace forgelm::audit
