// One document to rows: everything between its bytes and the lines of the output. Any number of threads share a worker.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "chunker.hpp"
#include "conversation.hpp"
#include "extract.hpp"
#include "line_pattern.hpp"

namespace forgelm::ingest {

struct FileResult {
  FileReport report;
  std::string rows;  ///< JSON lines
};

class Worker {
 public:
  /// Checks the options. ConfigError.
  explicit Worker(const IngestOptions& options);

  /// Never throws for what is wrong with the document: it is left out with a warning. `name` is its path as metadata
  /// names it, below the input folder.
  FileResult run(const std::filesystem::path& path, const std::string& name) const;

  /// Everything that decides what the rows are.
  Json identity() const;

 private:
  /// Where the rows of a document come from.
  struct Origin {
    std::string name;
    std::string digest;
    PlaceFinder places;
    std::size_t text_bytes = 0;
  };
  std::string header_of(const std::string& name) const;
  std::vector<Chunk> cut(const Document& document, std::string_view header) const;
  void clean(Document& document, FileReport& report) const;
  void write_rows(const Document& document, const std::filesystem::path& path, const std::string& name,
                  FileResult& result) const;
  void write_conversations(const Document& document, Origin& origin, FileResult& result) const;
  /// `begin` does not fall from row to row.
  void finish_row(Json row, std::string_view text, Origin& origin, std::size_t begin, FileResult& result) const;
  std::string masked(std::string text, FileReport& report) const;

  IngestOptions options_;
  std::size_t chunk_size_ = 0;
  std::size_t overlap_ = 0;
  Reading reading_;
  std::string language_;
  std::vector<LinePattern> patterns_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::optional<ConversationReader> conversations_;
};

}  // namespace forgelm::ingest
