// Contamination: which items of benchmarks stand in the data that is to be trained on. N-grams of words as in GPT-3's
// appendix C: words are \w+ in lower case, punctuation and white space set them apart; 13 of them in a row are rarely
// shared by chance. The n-grams of the benchmarks are held (some 40 bytes each), the data streams past. Invariants: an
// n-gram lies within one string of a row; a string of fewer words than n but at least 8 is one shorter n-gram, a
// shorter one says nothing. Oracle: tools/golden/audit/contamination.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace forgelm::audit {

struct BenchmarkSource {
  std::string name;            ///< in the report
  std::filesystem::path path;  ///< a file of rows, or a folder of such files
};

/// "NAME=PATH", or a path whose stem is the name. ConfigError for what is not there.
BenchmarkSource parse_benchmark(const std::string& text);

inline constexpr int kDefaultBenchmarkNgram = 13;
inline constexpr int kMinBenchmarkWords = 8;
inline constexpr std::size_t kMaxBenchmarks = 64;

class GramTable;

/// The n-grams of benchmarks; immutable, shared between threads.
class BenchmarkIndex {
 public:
  /// Reads all items. ConfigError for an n below 2 or above 64, two of one name, more than kMaxBenchmarks, a file that
  /// holds no rows or one that cannot be read.
  BenchmarkIndex(const std::vector<BenchmarkSource>& sources, int ngram);
  ~BenchmarkIndex();
  BenchmarkIndex(const BenchmarkIndex&) = delete;
  BenchmarkIndex& operator=(const BenchmarkIndex&) = delete;

  struct File {
    std::filesystem::path path;
    std::string sha256;
  };
  struct Benchmark {
    std::string name;
    std::vector<File> files;
    std::size_t first_item = 0, num_items = 0;
    std::uint64_t num_items_too_short = 0;  ///< without any n-gram
  };
  struct Item {
    std::uint32_t file = 0;  ///< of its benchmark
    std::uint64_t line = 0, row = 0;
    std::size_t first_gram = 0, num_grams = 0;  ///< in item_grams(), different ones
  };

  int ngram() const noexcept { return ngram_; }
  const std::vector<Benchmark>& benchmarks() const noexcept { return benchmarks_; }
  const std::vector<Item>& items() const noexcept { return items_; }
  const std::vector<std::uint32_t>& item_grams() const noexcept { return item_grams_; }
  std::size_t num_grams() const noexcept { return gram_benchmarks_.size(); }
  /// Bit i: benchmark i has the n-gram.
  std::uint64_t benchmarks_of(std::uint32_t gram) const noexcept { return gram_benchmarks_[gram]; }
  /// Number of words of the n-grams that there are, rising.
  const std::vector<int>& gram_sizes() const noexcept { return gram_sizes_; }
  const GramTable& table() const noexcept { return *table_; }

 private:
  void add_file(std::size_t benchmark, const std::filesystem::path& path);

  int ngram_;
  std::vector<Benchmark> benchmarks_;
  std::vector<Item> items_;
  std::vector<std::uint32_t> item_grams_;
  std::vector<std::uint64_t> gram_benchmarks_;
  std::vector<int> gram_sizes_;
  std::unique_ptr<GramTable> table_;
};

/// The first place where an n-gram of a benchmark stands in a split.
struct GramPlace {
  std::uint32_t gram = 0;
  std::uint64_t line = 0, row = 0;
};

/// What one split holds of the benchmarks.
struct ContaminationProfile {
  std::vector<std::uint64_t> num_rows_touched;  ///< by benchmark
  std::vector<GramPlace> places;                ///< by gram
};

/// An item of which at least one n-gram was found.
struct ContaminatedItem {
  std::size_t item = 0;  ///< of BenchmarkIndex::items()
  std::uint64_t num_found = 0;
  double share = 0;  ///< of its n-grams
  std::size_t split = 0;
  std::uint64_t line = 0, row = 0;  ///< of the first n-gram that was found
};

struct BenchmarkOverlap {
  std::uint64_t num_items = 0, num_items_judged = 0, num_touched = 0, num_half = 0, num_most = 0;
  double rate = 0;                              ///< touched, of those judged
  std::vector<std::uint64_t> num_rows_touched;  ///< by split
  std::vector<ContaminatedItem> items;          ///< the largest share first, then in order
};

/// For each benchmark, over `splits` (nullptr: one that was not compared).
std::vector<BenchmarkOverlap> find_overlaps(const BenchmarkIndex& index,
                                            const std::vector<const ContaminationProfile*>& splits);

}  // namespace forgelm::audit
