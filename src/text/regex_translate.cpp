// Oniguruma's Ruby syntax to PCRE2's. Differences that matter: (?m) is dotall and ^ $ always know lines, \h is a hex
// digit, {,n} starts at 0, {n,m}+ repeats instead of being possessive, classes nest and intersect ([a&&[^b]]), \w is
// Unicode's alphabetic, \p{Han} is the script alone. Code points newer than PCRE2's Unicode are added to each class.
#include <array>
#include <optional>
#include <stdexcept>

#include "forgelm/core/text.hpp"
#include "regex.hpp"
#include "unicode.hpp"

namespace forgelm::text {
namespace {

constexpr int kMaxDepth = 50;
constexpr std::size_t kMaxTranslatedBytes = 1 << 20;
constexpr const char* kSpaces =
    "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

constexpr std::array<std::string_view, kNumCategories> kCategoryNames = {
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
    "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn", "Cs"};

std::string hex(char32_t c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  do {
    digits.insert(digits.begin(), kDigits[c & 15]);
    c >>= 4;
  } while (c != 0);
  return cat("\\x{", digits, "}");
}

/// Class items for all code points that `holds`.
template <class Holds>
std::string ranges_of(const Holds& holds) {
  std::string out;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || !holds(c)) continue;
    const char32_t first = c;
    while (c + 1 < 0x110000 && c + 1 != 0xD800 && holds(c + 1)) ++c;
    out += hex(first);
    if (c != first) out += cat("-", hex(c));
  }
  return out;
}

/// The categories that "L", "Lu", "Letter"-like names stand for.
std::optional<std::uint32_t> categories_of(std::string_view name) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kCategoryNames.size(); ++i)
    if (equals_ignoring_ascii_case(kCategoryNames[i], name) ||
        (name.size() == 1 && ascii_lower(name[0]) == ascii_lower(kCategoryNames[i][0])))
      bits |= 1u << i;
  if (bits != 0) return bits;
  struct LongName {
    std::string_view name;
    std::uint32_t bits;
  };
  static constexpr LongName kLongNames[] = {
      {"letter", 0x1F},        {"uppercaseletter", 1},      {"lowercaseletter", 2},   {"titlecaseletter", 4},
      {"modifierletter", 8},   {"otherletter", 16},         {"mark", 0xE0},           {"nonspacingmark", 0x20},
      {"spacingmark", 0x40},   {"enclosingmark", 0x80},     {"number", 0x700},        {"decimalnumber", 0x100},
      {"letternumber", 0x200}, {"othernumber", 0x400},      {"punctuation", 0x3F800}, {"symbol", 0x3C0000},
      {"mathsymbol", 0x40000}, {"currencysymbol", 0x80000}, {"separator", 0x1C00000}, {"spaceseparator", 0x400000},
      {"other", 0x3E000000},   {"control", 0x2000000},      {"format", 0x4000000},    {"unassigned", 0x10000000},
  };
  std::string plain;
  for (const char c : name)
    if (c != '_' && c != ' ' && c != '-') plain += ascii_lower(c);
  for (const LongName& known : kLongNames)
    if (known.name == plain) return known.bits;
  return std::nullopt;
}

/// Neighbouring code points of one category that were assigned after Unicode 14.
struct NewRun {
  char32_t first;
  char32_t last;
  unsigned category;
};
const std::vector<NewRun>& new_runs() {
  static const std::vector<NewRun> all = [] {
    const CharClasses classes;
    std::vector<NewRun> runs;
    for (char32_t c = 0; c < 0x110000; ++c) {
      const std::uint16_t flags = classes.flags(c);
      if ((flags & char_flag::kIsNew) == 0) continue;
      const unsigned category = flags & char_flag::kCategoryMask;
      if (!runs.empty() && runs.back().last + 1 == c && runs.back().category == category) runs.back().last = c;
      else runs.push_back({c, c, category});
    }
    return runs;
  }();
  return all;
}

std::string category_items(std::uint32_t bits) {
  std::string out;
  std::uint32_t left = bits;
  for (const char group : std::string_view("LMNPSZ")) {
    const std::uint32_t members = *categories_of(std::string_view(&group, 1));
    if ((left & members) != members) continue;
    out += cat("\\p{", group, "}");
    left &= ~members;
  }
  for (std::size_t i = 0; i < kCategoryNames.size(); ++i)
    if ((left >> i & 1) != 0) out += cat("\\p{", kCategoryNames[i], "}");
  // What PCRE2's Unicode may not know yet. Unassigned has no additions, only losses, which do not matter to a model.
  for (const NewRun& run : new_runs()) {
    if ((bits >> run.category & 1) == 0) continue;
    out += hex(run.first);
    if (run.last != run.first) out += cat("-", hex(run.last));
  }
  return out;
}

const std::string& word_items() {
  static const std::string items = [] {
    const CharClasses classes;
    const std::uint32_t bits =
        kLetters | kMarks | category_bit(Category::Nd) | category_bit(Category::Nl) | category_bit(Category::Pc);
    return category_items(bits) + ranges_of([&](char32_t c) {
             return classes.has(c, char_flag::kPatternWord) && !classes.is_any_of(c, bits);
           });
  }();
  return items;
}

const std::string& alphabetic_items() {
  static const std::string items = [] {
    const CharClasses classes;
    return ranges_of([&](char32_t c) { return classes.has(c, char_flag::kAlphabetic); });
  }();
  return items;
}

/// Class items for a bracket name or property that is not a category; nothing when it is none that we know.
std::optional<std::string> named_items(std::string_view name) {
  const std::string plain = ascii_lower(name);
  if (plain == "word" || plain == "w") return word_items();
  if (plain == "alnum" || plain == "alpha" || plain == "alphabetic") {
    return plain == "alnum" ? alphabetic_items() + category_items(category_bit(Category::Nd)) : alphabetic_items();
  }
  if (plain == "digit") return category_items(category_bit(Category::Nd));
  if (plain == "upper" || plain == "uppercase") {
    return category_items(category_bit(Category::Lu)) +
           "\\x{2160}-\\x{216f}\\x{24b6}-\\x{24cf}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}";
  }
  if (plain == "lower" || plain == "lowercase") {
    return category_items(category_bit(Category::Ll)) +
           "\\xaa\\xba\\x{2b0}-\\x{2b8}\\x{2c0}\\x{2c1}\\x{2e0}-\\x{2e4}\\x{345}\\x{37a}\\x{10fc}\\x{1d2c}-\\x{1d6a}"
           "\\x{1d78}"
           "\\x{1d9b}-\\x{1dbf}\\x{2071}\\x{207f}\\x{2090}-\\x{209c}\\x{2170}-\\x{217f}\\x{24d0}-\\x{24e9}\\x{2c7c}\\x{"
           "2c7d}"
           "\\x{a69c}\\x{a69d}\\x{a770}\\x{a7f2}-\\x{a7f4}\\x{a7f8}\\x{a7f9}\\x{ab5c}-\\x{ab5f}\\x{ab69}\\x{10780}"
           "\\x{10783}-\\x{10785}\\x{10787}-\\x{107b0}\\x{107b2}-\\x{107ba}\\x{1e030}-\\x{1e06d}";
  }
  if (plain == "space" || plain == "white_space" || plain == "whitespace") return std::string(kSpaces);
  if (plain == "blank") return "\\x09" + category_items(category_bit(Category::Zs));
  if (plain == "cntrl") return std::string("\\p{Cc}");
  if (plain == "xdigit") return std::string("0-9A-Fa-f");
  if (plain == "punct") return category_items(0x3F800) + "$+<=>^`|~";
  if (plain == "ascii") return std::string("\\x00-\\x7f");
  if (plain == "any") return std::string("\\x{0}-\\x{10ffff}");
  return std::nullopt;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string run() {
    std::size_t atom = std::string::npos;  // where the last atom starts in out_
    while (at_ < in_.size()) {
      step(atom);
      if (out_.size() > kMaxTranslatedBytes) fail("it has too many classes");
    }
    if (!groups_.empty()) fail("a group is not closed");
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::invalid_argument(cat("the pattern ", quote(in_), " cannot be used: ", what, " at byte ", at_ + 1));
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  bool has(std::string_view text) const { return in_.substr(at_, text.size()) == text; }

  void step(std::size_t& atom) {
    const char c = in_[at_];
    if (c == '(') return open_group();
    if (c == ')') {
      if (groups_.empty()) fail("')' without '('");
      atom = groups_.back();
      groups_.pop_back();
      out_ += ')';
      ++at_;
      return;
    }
    if (c == '*' || c == '+' || c == '?' || (c == '{' && is_interval())) return quantifier(atom);
    atom = out_.size();
    if (c == '\\') out_ += escape();
    else if (c == '[') out_ += char_class(0);
    else copy_code_point();
    if (c == '|') atom = std::string::npos;
  }

  void copy_code_point() {
    const std::size_t length = std::min(utf8_length(in_[at_]), in_.size() - at_);
    out_.append(in_.substr(at_, length));
    at_ += length;
  }

  void open_group() {
    groups_.push_back(out_.size());
    if (!has("(?")) {
      out_ += '(';
      ++at_;
      return;
    }
    if (has("(?#")) {
      const std::size_t end = in_.find(')', at_);
      if (end == std::string_view::npos) fail("a comment is not closed");
      groups_.pop_back();
      at_ = end + 1;
      return;
    }
    if (has("(?~")) fail("absent operators are not supported");
    out_ += "(?";
    at_ += 2;
    // Option letters: Ruby's m is PCRE2's s.
    while (std::string_view("imx-").find(peek()) != std::string_view::npos && peek() != '\0') {
      const char letter = in_[at_++];
      if (letter == 'x') fail("extended patterns are not supported");
      out_ += letter == 'm' ? 's' : letter;
    }
    if (peek() == ')') {  // (?i) holds to the end of the group around it
      out_ += ')';
      ++at_;
      groups_.pop_back();
      return;
    }
    // The rest of the opening, up to and with what ends it.
    if (peek() == ':' || peek() == '=' || peek() == '!' || peek() == '>') {
      out_ += in_[at_++];
    } else if (has("<=") || has("<!")) {
      out_.append(in_.substr(at_, 2));
      at_ += 2;
    } else if (peek() == '<' || peek() == '\'') {
      const std::size_t end = in_.find(peek() == '<' ? '>' : '\'', at_ + 1);
      if (end == std::string_view::npos) fail("a group's name is not closed");
      out_.append(in_.substr(at_, end + 1 - at_));
      at_ = end + 1;
    } else {
      fail("this kind of group is not supported");
    }
  }

  /// "{n}", "{n,}", "{,m}", "{n,m}" at this place; anything else is a plain brace.
  bool is_interval() const {
    std::size_t i = at_ + 1;
    std::size_t num_digits = 0;
    for (; i < in_.size() && (is_ascii_digit(in_[i]) || in_[i] == ','); ++i) num_digits += is_ascii_digit(in_[i]);
    return num_digits > 0 && i < in_.size() && in_[i] == '}' &&
           in_.substr(at_, i - at_).find(',') == in_.substr(at_, i - at_).rfind(',');
  }

  void quantifier(std::size_t atom) {
    if (peek() != '{') {
      out_ += in_[at_++];
      if (peek() == '+' || peek() == '?') out_ += in_[at_++];
      return;
    }
    const std::size_t end = in_.find('}', at_);
    const std::string_view inside = in_.substr(at_ + 1, end - at_ - 1);
    out_ += cat("{", inside.front() == ',' ? "0" : "", inside, "}");
    at_ = end + 1;
    if (peek() == '?') out_ += in_[at_++];
    if (peek() == '+' && atom != std::string::npos) {
      out_.insert(atom, "(?:");
      out_ += ")";
    }
  }

  /// A backslash outside a class.
  std::string escape() {
    const char c = peek(1);
    switch (c) {
      case '\0': fail("a backslash at the end");
      case 'h': at_ += 2; return "[0-9A-Fa-f]";
      case 'H': at_ += 2; return "[^0-9A-Fa-f]";
      case 's': at_ += 2; return cat("[", kSpaces, "]");
      case 'S': at_ += 2; return cat("[^", kSpaces, "]");
      case 'd': at_ += 2; return cat("[", category_items(category_bit(Category::Nd)), "]");
      case 'D': at_ += 2; return cat("[^", category_items(category_bit(Category::Nd)), "]");
      case 'w': at_ += 2; return cat("[", word_items(), "]");
      case 'W': at_ += 2; return cat("[^", word_items(), "]");
      case 'b':
      case 'B': {
        at_ += 2;
        const std::string word = cat("[", word_items(), "]");
        return c == 'b' ? cat("(?:(?<=", word, ")(?!", word, ")|(?<!", word, ")(?=", word, "))")
                        : cat("(?:(?<=", word, ")(?=", word, ")|(?<!", word, ")(?!", word, "))");
      }
      case 'p':
      case 'P': {
        bool is_negated = false;
        const std::string items = property(is_negated);
        return cat(is_negated ? "[^" : "[", items, "]");
      }
      default: return plain_escape();
    }
  }

  /// An escape that means the same there, inside a class or not.
  std::string plain_escape() {
    const char c = peek(1);
    if (c == 'u') {
      const std::string_view digits = in_.substr(at_ + 2, 4);
      for (const char digit : digits)
        if (!is_ascii_digit(digit) && !(ascii_lower(digit) >= 'a' && ascii_lower(digit) <= 'f'))
          fail("\\u needs four digits");
      if (digits.size() != 4) fail("\\u needs four digits");
      at_ += 6;
      return cat("\\x{", digits, "}");
    }
    if (c == 'x' && peek(2) == '{') {
      const std::size_t end = in_.find('}', at_);
      if (end == std::string_view::npos) fail("\\x{ is not closed");
      std::string out(in_.substr(at_, end + 1 - at_));
      at_ = end + 1;
      return out;
    }
    if (static_cast<unsigned char>(c) >= 0x80) {  // an escaped letter beyond ASCII is itself
      const std::size_t length = std::min(utf8_length(c), in_.size() - at_ - 1);
      std::string out(in_.substr(at_ + 1, length));
      at_ += 1 + length;
      return out;
    }
    if (c == '\0') fail("a backslash at the end");
    std::string out(in_.substr(at_, 2));
    at_ += 2;
    return out;
  }

  /// \p{..}, \P{..}, \p{^..}, \pL: class items of the property without its negation.
  std::string property(bool& is_negated) {
    is_negated = in_[at_ + 1] == 'P';
    at_ += 2;
    std::string_view name;
    if (peek() == '{') {
      const std::size_t end = in_.find('}', at_);
      if (end == std::string_view::npos) fail("\\p{ is not closed");
      name = in_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      if (!name.empty() && name.front() == '^') {
        is_negated = !is_negated;
        name.remove_prefix(1);
      }
    } else if (peek() != '\0') {
      name = in_.substr(at_++, 1);
    }
    if (name.empty()) fail("\\p needs a name");
    for (const char c : name)
      if (!is_ascii_digit(c) && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') && c != '_' && c != ' ' && c != '-' &&
          c != '=')
        fail("a property's name has letters and digits only");
    if (const auto bits = categories_of(name)) return category_items(*bits);
    if (auto items = named_items(name)) return *std::move(items);
    if (name.find('=') != std::string_view::npos) return cat("\\p{", name, "}");
    // Han lies in blocks that grew since PCRE2's tables.
    const std::string newer =
        equals_ignoring_ascii_case(name, "han") ? "\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}" : "";
    return cat(has_script_prefix() ? "\\p{sc:" : "\\p{", name, "}", newer);
  }

  /// A class from '[' to ']', as a PCRE2 class or, where it nests, an expression that matches one code point.
  std::string char_class(int depth) {
    if (depth > kMaxDepth) fail("classes are nested too deeply");
    ++at_;
    const bool is_negated = peek() == '^';
    if (is_negated) ++at_;
    std::vector<std::string> terms;   // one per side of &&, each an expression for one code point
    std::string items;                // plain items of this side
    std::vector<std::string> nested;  // classes within this side, and negated properties
    bool is_first = true;
    const auto finish_side = [&] {
      std::string side;
      if (nested.empty()) side = items.empty() ? "(?!)" : cat("[", items, "]");
      else {
        side = items.empty() ? "(?:" : cat("(?:[", items, "]|");
        side += cat(join(nested, "|"), ")");
      }
      terms.push_back(std::move(side));
      nested.clear();
    };
    for (;; is_first = false) {
      if (at_ >= in_.size()) fail("a class is not closed");
      const char c = in_[at_];
      if (c == ']' && !is_first) break;
      if (has("&&")) {
        at_ += 2;
        finish_side();
        items.clear();
      } else if (has("[:")) {
        posix_bracket(items, nested);
      } else if (c == '[') {
        nested.push_back(char_class(depth + 1));
      } else if (c == '\\') {
        class_escape(items, nested);
      } else {
        const std::size_t length = std::min(utf8_length(c), in_.size() - at_);
        if (c == ']') items += '\\';  // first in the class: itself
        items.append(in_.substr(at_, length));
        at_ += length;
      }
    }
    ++at_;
    if (terms.empty() && nested.empty()) {
      if (items.empty()) fail("an empty class");
      return cat(is_negated ? "[^" : "[", items, "]");
    }
    finish_side();
    std::string all;
    for (std::size_t i = 0; i < terms.size(); ++i) all += i + 1 < terms.size() ? cat("(?=", terms[i], ")") : terms[i];
    return is_negated ? cat("(?:(?!", all, ")[\\x{0}-\\x{10ffff}])") : cat("(?:", all, ")");
  }

  void posix_bracket(std::string& items, std::vector<std::string>& nested) {
    const std::size_t end = in_.find(":]", at_);
    if (end == std::string_view::npos) fail("[: is not closed");
    std::string_view name = in_.substr(at_ + 2, end - at_ - 2);
    const bool is_negated = !name.empty() && name.front() == '^';
    if (is_negated) name.remove_prefix(1);
    const auto found = named_items(name);
    if (!found) fail(cat("the class [:", name, ":] is not known"));
    at_ = end + 2;
    if (is_negated) nested.push_back(cat("[^", *found, "]"));
    else items += *found;
  }

  void class_escape(std::string& items, std::vector<std::string>& nested) {
    const auto add = [&](std::string_view what, bool is_negated) {
      if (is_negated) nested.push_back(cat("[^", what, "]"));
      else items += what;
    };
    const char c = peek(1);
    switch (c) {
      case 'h':
      case 'H': at_ += 2; return add("0-9A-Fa-f", c == 'H');
      case 's':
      case 'S': at_ += 2; return add(kSpaces, c == 'S');
      case 'd':
      case 'D': at_ += 2; return add(category_items(category_bit(Category::Nd)), c == 'D');
      case 'w':
      case 'W': at_ += 2; return add(word_items(), c == 'W');
      case 'p':
      case 'P': {
        bool is_negated = false;
        const std::string what = property(is_negated);
        return add(what, is_negated);
      }
      case 'R':
      case 'X': fail("\\R and \\X cannot stand in a class");
      default: items += plain_escape();
    }
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<std::size_t> groups_;  // where each open group starts in out_
};

}  // namespace

std::string translate_pattern(std::string_view oniguruma) { return Translator(oniguruma).run(); }

}  // namespace forgelm::text
