// Digits of Unicode count as digits where the reference's do (cards, Turkish
// numbers), since its \d matches them.
#include "validators.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "forgelm/core/text.hpp"
#include "number_digits.hpp"

namespace forgelm::audit {
namespace {

/// ASCII letters in upper case and digits, nothing else.
std::string compact(std::string_view match) {
  std::string out;
  for (const char c : match)
    if (is_ascii_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z')) out += ascii_upper(c);
  return out;
}

bool are_all_equal(const Digits& digits) {
  return std::adjacent_find(digits.begin(), digits.end(), std::not_equal_to<>()) == digits.end();
}

struct Issuer {
  int first, last;  ///< of the leading digits
  int num_digits;
  int min_length, max_length;
};

// ISO/IEC 7812, the reference's list.
constexpr Issuer kIssuers[] = {
    {34, 34, 2, 15, 15},     {37, 37, 2, 15, 15}, {35, 35, 2, 16, 19},     {36, 36, 2, 14, 19},   {38, 39, 2, 14, 19},
    {6011, 6011, 4, 16, 19}, {65, 65, 2, 16, 19}, {62, 62, 2, 16, 19},     {644, 649, 3, 16, 19}, {300, 305, 3, 14, 19},
    {2200, 2204, 4, 16, 19}, {51, 55, 2, 16, 16}, {2221, 2720, 4, 16, 16},
};

bool has_issuer(const Digits& digits) {
  const int length = static_cast<int>(digits.size());
  if (digits[0] == 4) return length == 13 || length == 16 || length == 19;
  return std::any_of(std::begin(kIssuers), std::end(kIssuers), [&](const Issuer& issuer) {
    const auto lead = static_cast<int>(number_of(digits, 0, static_cast<std::size_t>(issuer.num_digits)));
    return lead >= issuer.first && lead <= issuer.last && length >= issuer.min_length && length <= issuer.max_length;
  });
}

}  // namespace

bool is_credit_card(std::string_view match) {
  const Digits digits = digits_of(match);
  return digits.size() >= 13 && digits.size() <= 19 && has_issuer(digits) && passes_luhn(digits);
}

// ISO 13616, ISO 7064 mod 97-10.
bool is_iban(std::string_view match) {
  const std::string text = compact(match);
  if (text.size() < 15 || text.size() > 34) return false;
  int rest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[(i + 4) % text.size()];
    rest = is_ascii_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

// TC Kimlik No.
bool is_tr_id(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11 || d[0] == 0) return false;
  const int odd = d[0] + d[2] + d[4] + d[6] + d[8];
  const int even = d[1] + d[3] + d[5] + d[7];
  const int tenth = ((odd * 7 - even) % 10 + 10) % 10;
  return tenth == d[9] && (odd + even + d[9]) % 10 == d[10];
}

// Orden INT/2058/2008: the letter is the number modulo 23.
constexpr std::string_view kDniLetters = "TRWAGMYFPDXBNJZSQVHLCKE";

bool is_es_dni(std::string_view match) {
  const std::string text = compact(match);
  const Digits digits = digits_of(match);
  return digits.size() == 8 && text.size() == 9 && text.back() == kDniLetters[number_of(digits, 0, 8) % 23];
}

bool is_es_nie(std::string_view match) {
  const std::string text = compact(match);
  const Digits digits = digits_of(match);
  if (digits.size() != 7 || text.size() != 9) return false;
  const auto lead = static_cast<std::uint64_t>(text[0] - 'X');
  return text.back() == kDniLetters[(lead * 10'000'000 + number_of(digits, 0, 7)) % 23];
}

// INSEE: key = 97 - number mod 97; 2A and 2B stand for 19 and 18.
bool is_fr_nir(std::string_view match) {
  std::string text = compact(match);
  if (text.size() != 15) return false;
  if (text[6] == 'A' || text[6] == 'B') text.replace(5, 2, text[6] == 'A' ? "19" : "18");
  const Digits digits = digits_of(text);
  return digits.size() == 15 && 97 - number_of(digits, 0, 13) % 97 == number_of(digits, 13, 15);
}

// DM 23/12/1976: odd places have values of their own.
bool is_it_fiscal_code(std::string_view match) {
  static constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                               20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  const std::string text = compact(match);
  if (text.size() != 16) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const int value = is_ascii_digit(text[i]) ? text[i] - '0' : text[i] - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
  }
  return text[15] == 'A' + sum % 26;
}

// The month carries the century: 81-92, 1-12, 21-32, 41-52, 61-72.
bool is_pl_pesel(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11 || !is_month_and_day((d[2] * 10 + d[3]) % 20, d[4] * 10 + d[5])) return false;
  return (weighted_sum(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3}) + d[10]) % 10 == 0;
}

bool is_br_cpf(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11 || are_all_equal(d)) return false;
  const auto check = [](int sum) { return sum * 10 % 11 % 10; };
  return check(weighted_sum(d, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == d[9] &&
         check(weighted_sum(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) == d[10];
}

// Verhoeff.
bool is_in_aadhaar(std::string_view match) {
  static constexpr int kProduct[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                           {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                           {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                           {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                           {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
  static constexpr int kTurn[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                       {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                       {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                       {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
  const Digits d = digits_of(match);
  if (d.size() != 12) return false;
  int check = 0;
  for (std::size_t i = 0; i < 12; ++i) check = kProduct[check][kTurn[i % 8][d[11 - i]]];
  return check == 0;
}

// NHS data dictionary: modulus 11, ten is no number.
bool is_uk_nhs(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 10 || are_all_equal(d)) return false;
  return (11 - weighted_sum(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 == d[9];
}

bool is_ca_sin(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 9 && passes_luhn(d);
}

// 97 - number mod 97; births from 2000 on count with a leading 2.
bool is_be_nrn(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11) return false;
  const std::uint64_t number = number_of(d, 0, 9), check = number_of(d, 9, 11);
  return 97 - number % 97 == check || 97 - (number + 2'000'000'000) % 97 == check;
}

// A day above 60 is a coordination number.
bool is_se_personnummer(std::string_view match) {
  Digits d = digits_of(match);
  if (d.size() == 12) d.erase(d.begin(), d.begin() + 2);
  if (d.size() != 10) return false;
  const int day = d[4] * 10 + d[5];
  return is_month_and_day(d[2] * 10 + d[3], day > 60 ? day - 60 : day) && passes_luhn(d);
}

bool is_fi_hetu(std::string_view match) {
  const Digits d = digits_of(match);
  if (match.size() != 11 || d.size() < 9 || !is_month_and_day(d[2] * 10 + d[3], d[0] * 10 + d[1])) return false;
  const std::uint64_t number = number_of(d, 0, 6) * 1000 + number_of(d, 6, 9);
  return match.back() == std::string_view("0123456789ABCDEFHJKLMNPRSTUVWXY")[number % 31];
}

// GB 11643, ISO 7064 mod 11-2.
bool is_cn_id(std::string_view match) {
  const std::string text = compact(match);
  if (text.size() != 18) return false;
  int sum = 0;
  for (std::size_t i = 0, power = 1; i < 18; ++i, power = power * 2 % 11) {
    const char c = text[17 - i];
    sum += (c == 'X' ? 10 : c - '0') * static_cast<int>(power);
  }
  return sum % 11 == 1;
}

bool is_kr_rrn(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 13 || !is_month_and_day(d[2] * 10 + d[3], d[4] * 10 + d[5])) return false;
  return (11 - weighted_sum(d, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}) % 11) % 10 == d[12];
}

bool is_cl_rut(std::string_view match) {
  const std::string text = compact(match);
  int sum = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    sum += (text[text.size() - 2 - i] - '0') * (2 + static_cast<int>(i % 6));
  const int check = 11 - sum % 11;
  return text.back() == (check == 11 ? '0' : check == 10 ? 'K' : static_cast<char>('0' + check));
}

bool is_mx_curp(std::string_view match) {
  const std::string text = compact(match);
  if (text.size() != 18) return false;
  // The alphabet has the letter that does not fit ASCII between N and O.
  const auto value = [](char c) { return is_ascii_digit(c) ? c - '0' : c - 'A' + 10 + (c > 'N' ? 1 : 0); };
  int sum = 0;
  for (std::size_t i = 0; i < 17; ++i) sum += value(text[i]) * (18 - static_cast<int>(i));
  return text[17] == '0' + (10 - sum % 10) % 10;
}

bool is_ipv4(std::string_view match) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(match).c_str(), &address) != 1) return false;
  const std::uint32_t host = ntohl(address.s_addr);
  if (host >> 24 == 0 || host >> 24 == 127 || host == 0xFFFFFFFF || host >> 24 == 255) return false;
  return match.size() > 7;
}

bool is_ipv6(std::string_view match) {
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(match).c_str(), &address) != 1) return false;
  int num_groups = 0;
  bool has_digit = false;
  for (std::size_t i = 0; i < match.size(); ++i) {
    if (match[i] != ':' && (i == 0 || match[i - 1] == ':')) ++num_groups;
    has_digit = has_digit || is_ascii_digit(match[i]);
  }
  return num_groups >= 3 && has_digit;
}

bool is_random_value(std::string_view match) {
  std::array<int, 256> counts{};
  int num_letters = 0, num_digits = 0;
  for (const char c : match) {
    ++counts[static_cast<unsigned char>(c)];
    if (is_ascii_digit(c)) ++num_digits;
    else if (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ++num_letters;
  }
  if (num_letters < 4 || num_digits < 2) return false;
  const std::string lower = ascii_lower(match);
  for (const std::string_view word :
       {"example", "placeholder", "changeme", "your", "xxxx", "1234567", "abcdef", "http"})
    if (lower.find(word) != std::string::npos) return false;
  double entropy = 0;
  const auto size = static_cast<double>(match.size());
  for (const int count : counts)
    if (count > 0) entropy -= count / size * std::log2(count / size);
  return entropy >= 3.5;
}

}  // namespace forgelm::audit
