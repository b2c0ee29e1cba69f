// Literals as one Hyperscan database, made once a process, by a thread of its own where it is not waited for. Each
// reports at most once a text; its number is the trigger. They are bytes: no UTF-8 mode, so that any bytes may be
// given.
#include "forgelm/audit/pattern_scan.hpp"
#include "triggers.hpp"

#ifdef FORGELM_HYPERSCAN
#include <hs.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "pattern_table.hpp"

namespace forgelm::audit {
namespace {

struct Expressions {
  std::vector<std::string> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;

  void add(std::string text, std::size_t id) {
    texts.push_back(std::move(text));
    flags.push_back(HS_FLAG_SINGLEMATCH);
    ids.push_back(static_cast<unsigned>(id));
  }
};

std::string hex_byte(char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

std::string quoted(std::string_view literal) {
  std::string out;
  for (const char c : literal) out += hex_byte(c);
  return out;
}

Expressions all_expressions() {
  Expressions all;
  const auto& rows = kind_rows();
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const std::string_view literal : rows[i].literals) all.add(quoted(literal), literal_trigger(i));
  return all;
}

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};

hs_database_t* database() {
  static const std::unique_ptr<hs_database_t, FreeDatabase> made = [] {
    const Expressions all = all_expressions();
    std::vector<const char*> texts;
    for (const std::string& text : all.texts) texts.push_back(text.c_str());
    hs_database_t* compiled = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(texts.data(), all.flags.data(), all.ids.data(), static_cast<unsigned>(texts.size()),
                         HS_MODE_BLOCK, nullptr, &compiled, &error) != HS_SUCCESS) {
      const std::string message = error != nullptr ? error->message : "no reason given";
      hs_free_compile_error(error);
      throw RunError(RunErrorKind::internal, cat("Hyperscan does not take the patterns: ", message));
    }
    return std::unique_ptr<hs_database_t, FreeDatabase>(compiled);
  }();
  return made.get();
}

/// Makes the database beside the program's other work.
class Maker {
 public:
  void start() {
    std::call_once(is_started_, [this] {
      made_ = std::async(std::launch::async, [this] {
        database();
        is_ready_.store(true, std::memory_order_release);
      });
    });
  }
  bool is_ready() const { return is_ready_.load(std::memory_order_acquire); }

 private:
  std::once_flag is_started_;
  std::atomic<bool> is_ready_ = false;
  std::future<void> made_;  // waited for at the process's end
};

hs_scratch_t* scratch() {
  thread_local const std::unique_ptr<hs_scratch_t, FreeScratch> mine = [] {
    hs_scratch_t* allocated = nullptr;
    if (hs_alloc_scratch(database(), &allocated) != HS_SUCCESS) throw std::bad_alloc();
    return std::unique_ptr<hs_scratch_t, FreeScratch>(allocated);
  }();
  return mine.get();
}

}  // namespace

bool has_hyperscan() noexcept { return hs_valid_platform() == HS_SUCCESS; }

bool does_hyperscan_pay(std::size_t num_bytes) {
  constexpr std::size_t kFewestBytes = std::size_t{32} << 10;
  static const bool is_there = has_hyperscan();
  if (!is_there) return false;
  static Maker maker;
  if (maker.is_ready()) return true;
  thread_local std::size_t num_scanned = 0;
  num_scanned += num_bytes;
  if (num_scanned >= kFewestBytes) maker.start();
  return false;
}

NumberSet find_literals_hyperscan(std::string_view text) {
  NumberSet found;
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned, void* set) {
    static_cast<NumberSet*>(set)->set(id);
    return 0;
  };
  // Its lengths are 32 bits; a longer text is read in pieces that overlap by
  // more than any literal is long.
  constexpr std::size_t kPiece = std::size_t{1} << 30, kOverlap = std::size_t{1} << 16;
  for (std::size_t at = 0;; at += kPiece - kOverlap) {
    const std::string_view piece = text.substr(at, kPiece);
    if (hs_scan(database(), piece.data(), static_cast<unsigned>(piece.size()), 0, scratch(), on_match, &found) !=
        HS_SUCCESS)
      throw RunError(RunErrorKind::internal, "Hyperscan failed on a text");
    if (at + piece.size() == text.size()) return found;
  }
}

}  // namespace forgelm::audit

#else

#include "forgelm/core/error.hpp"

namespace forgelm::audit {

bool has_hyperscan() noexcept { return false; }
bool does_hyperscan_pay(std::size_t) { return false; }

NumberSet find_literals_hyperscan(std::string_view) {
  throw RunError(RunErrorKind::internal, "this build has no Hyperscan");
}

}  // namespace forgelm::audit

#endif
