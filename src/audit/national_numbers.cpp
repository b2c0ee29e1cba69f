// Check digits of further national numbers. Those whose check is weak (one in ten or eleven by chance) are looked for
// behind their name only (pattern_table.cpp). Oracle: python-stdnum 1.20.
#include <algorithm>
#include <array>

#include "number_digits.hpp"
#include "validators.hpp"

namespace forgelm::audit {
namespace {

/// ISO 7064 mod 11,10.
bool passes_mod_11_10(const Digits& digits) {
  int check = 5;
  for (const int digit : digits) check = ((check == 0 ? 10 : check) * 2 % 11 + digit) % 10;
  return check == 1;
}

int two(const Digits& digits, std::size_t at) { return digits[at] * 10 + digits[at + 1]; }

}  // namespace

// Weights of the digits but the fourth, which is the check digit; then the date of birth, where months up to 15 stand
// for days that ran out of numbers.
bool is_at_svnr(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 10 || d[0] == 0) return false;
  const int day = two(d, 4), month = two(d, 6);
  return day >= 1 && day <= 31 && month >= 1 && month <= 15 &&
         weighted_sum(d, {3, 7, 9, 0, 5, 8, 4, 2, 1, 6}) % 11 == d[3];
}

bool is_au_tfn(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 9 && weighted_sum(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0;
}

// An EAN-13 under the prefix 756.
bool is_ch_ahv(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 13 && number_of(d, 0, 3) == 756 &&
         weighted_sum(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

// Women have 50 added to the month, numbers that overflow 20. Until 1985 a remainder of ten counts as 0.
bool is_cz_rc(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 10 || !is_month_and_day(two(d, 2) % 50 % 20, two(d, 4))) return false;
  const auto rest = static_cast<int>(number_of(d, 0, 9) % 11);
  const int year = two(d, 0);
  return d[9] == (year >= 54 && year < 85 ? rest % 10 : rest);
}

// Of the first ten digits one stands there two or three times, the others once at most.
bool is_de_tax_id(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11 || d[0] == 0) return false;
  std::array<int, 10> counts{};
  for (std::size_t i = 0; i < 10; ++i) ++counts[static_cast<std::size_t>(d[i])];
  const auto repeated = std::count_if(counts.begin(), counts.end(), [](int count) { return count > 1; });
  return repeated == 1 && *std::max_element(counts.begin(), counts.end()) <= 3 && passes_mod_11_10(d);
}

// Estonia's and Lithuania's, with a second row of weights where the first gives ten.
bool is_ee_ik(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11 || d[0] == 0 || d[0] == 9 || !is_month_and_day(two(d, 3), two(d, 5))) return false;
  int check = weighted_sum(d, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11;
  if (check == 10) check = weighted_sum(d, {3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11;
  return check % 10 == d[10];
}

bool is_gr_amka(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 11 && is_month_and_day(two(d, 2), two(d, 0)) && passes_luhn(d);
}

bool is_hr_oib(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 11 && passes_mod_11_10(d);
}

// The check letter is the number modulo 23; of a second letter only A and H count.
bool is_ie_pps(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 7 || match.size() < 8) return false;
  const char second = match.size() > 8 ? match[8] : 'W';
  const int more = second == 'A' || second == 'H' ? second - 'A' + 1 : 0;
  return match[7] == "WABCDEFGHIJKLMNOPQRSTUV"[(weighted_sum(d, {8, 7, 6, 5, 4, 3, 2}) + 9 * more) % 23];
}

// Cards under Maestro's own issuers.
bool is_maestro_card(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() >= 12 && d.size() <= 19 && passes_luhn(d);
}

bool is_nl_bsn(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 9 && number_of(d, 0, 9) > 0 && (weighted_sum(d, {9, 8, 7, 6, 5, 4, 3, 2}) - d[8]) % 11 == 0;
}

// Day plus 40: a number given to somebody who is not resident; month plus 40: to one without a number.
bool is_no_fnr(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 11) return false;
  const int day = two(d, 0) > 40 ? two(d, 0) - 40 : two(d, 0), month = two(d, 2) > 40 ? two(d, 2) - 40 : two(d, 2);
  return is_month_and_day(month, day) && (weighted_sum(d, {3, 7, 6, 1, 8, 9, 4, 5, 2}) + d[9]) % 11 == 0 &&
         (weighted_sum(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) + d[10]) % 11 == 0;
}

bool is_pl_nip(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 10 && weighted_sum(d, {6, 5, 7, 2, 3, 4, 5, 6, 7, -1}) % 11 == 0;
}

bool is_pt_nif(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 9 && d[0] != 0 && (11 - weighted_sum(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 % 10 == d[8];
}

// Sex and century, date, county (1 to 48, 51, 52), serial number.
bool is_ro_cnp(std::string_view match) {
  const Digits d = digits_of(match);
  if (d.size() != 13 || d[0] == 0 || !is_month_and_day(two(d, 3), two(d, 5))) return false;
  const int county = two(d, 7);
  if (county == 0 || county > 52 || county == 49 || county == 50) return false;
  const int check = weighted_sum(d, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return d[12] == (check == 10 ? 1 : check);
}

bool is_za_id(std::string_view match) {
  const Digits d = digits_of(match);
  return d.size() == 13 && is_month_and_day(two(d, 2), two(d, 4)) && d[10] <= 1 && passes_luhn(d);
}

}  // namespace forgelm::audit
