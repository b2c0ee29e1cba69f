#include "forgelm/data/statistics.hpp"

#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>

#include "empty_value.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/row_blocks.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

/// Characters and bytes of all texts of a value. Rows are no deeper than RowLimits::max_depth.
void measure(const Json& value, std::uint64_t& num_characters, std::uint64_t& num_bytes) {
  switch (value.kind()) {
    case Json::Kind::text:
      num_characters += num_code_points(value.text());
      num_bytes += value.text().size();
      break;
    case Json::Kind::array:
      for (const Json& item : value.items()) measure(item, num_characters, num_bytes);
      break;
    case Json::Kind::object:
      for (const auto& [name, member] : value.members()) measure(member, num_characters, num_bytes);
      break;
    default: break;
  }
}

/// The figures of some rows; parts are put together in the order of the rows.
class Part {
 public:
  void add(const Json& row) {
    ++figures_.num_rows;
    std::uint64_t num_characters = 0;
    for (const auto& [name, value] : row.members()) {
      measure(value, num_characters, figures_.text_bytes);
      if (ColumnStatistics* column = column_of(name)) {
        ++column->num_rows;
        if (is_empty_value(value)) ++column->num_empty;
      }
    }
    figures_.lengths.add(num_characters);
  }
  void add_unreadable() { ++figures_.num_rows, ++figures_.num_unreadable; }

  void merge(const Part& other) {
    figures_.num_rows += other.figures_.num_rows;
    figures_.num_unreadable += other.figures_.num_unreadable;
    figures_.text_bytes += other.figures_.text_bytes;
    figures_.lengths.merge(other.figures_.lengths);
    for (const ColumnStatistics& theirs : other.figures_.columns)
      if (ColumnStatistics* column = column_of(theirs.name)) {
        column->num_rows += theirs.num_rows;
        column->num_empty += theirs.num_empty;
      }
  }
  SplitStatistics take() { return std::move(figures_); }

 private:
  ColumnStatistics* column_of(const std::string& name) {
    const auto known = places_.find(name);
    if (known != places_.end()) return &figures_.columns[known->second];
    if (figures_.columns.size() == DataReport::kMaxColumns) return nullptr;
    places_.emplace(name, figures_.columns.size());
    figures_.columns.push_back({name, 0, 0});
    return &figures_.columns.back();
  }

  SplitStatistics figures_;
  std::unordered_map<std::string, std::size_t> places_;
};

struct Done {
  Part part;
  std::uint64_t end_byte = 0;
};

}  // namespace

std::vector<SplitStatistics> data_statistics(const Source& source,
                                             const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  std::uint64_t bytes_in_all = 0, bytes_before = 0;
  for (const SourceSplit& split : source.splits)
    for (const fs::path& file : split.files) bytes_in_all += fs::file_size(file);
  std::vector<SplitStatistics> out;
  for (const SourceSplit& split : source.splits) {
    Part all;
    std::uint64_t size_bytes = 0;
    for (const fs::path& file : split.files) {
      formats::RowBlocks blocks(file);
      run_ordered<formats::RowBlock, Done>(
          num_processors(),
          [&]() -> std::optional<formats::RowBlock> {
            formats::RowBlock block;
            return blocks.next(block) ? std::optional(std::move(block)) : std::nullopt;
          },
          [](formats::RowBlock block, int) {
            Done done;
            done.end_byte = block.end_byte;
            for (const formats::ParsedRow& row : formats::parse_block(std::move(block))) {
              if (row.ok()) done.part.add(row.row.value);
              else done.part.add_unreadable();
            }
            return done;
          },
          [&](Done done) {
            all.merge(done.part);
            if (progress) progress(bytes_before + done.end_byte, bytes_in_all);
          });
      size_bytes += fs::file_size(file);
      bytes_before += fs::file_size(file);
    }
    out.push_back(all.take());
    out.back().name = split.name;
    out.back().num_files = split.files.size();
    out.back().size_bytes = size_bytes;
  }
  return out;
}

}  // namespace forgelm::data
