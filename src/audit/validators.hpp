// Whether what has the shape of an identifier also carries its check digits.
// Arguments are matches of the kind's expression; separators in them are
// skipped. Sources are named at each rule in validators.cpp.
#pragma once

#include <string_view>

namespace forgelm::audit {

using Validator = bool (*)(std::string_view match);

// The reference's three (oracle: forgelm 0.11.1). Digits may be of any script.
bool is_credit_card(std::string_view match);
bool is_iban(std::string_view match);
bool is_tr_id(std::string_view match);

bool is_es_dni(std::string_view match);
bool is_es_nie(std::string_view match);
bool is_fr_nir(std::string_view match);
bool is_it_fiscal_code(std::string_view match);
bool is_pl_pesel(std::string_view match);
bool is_br_cpf(std::string_view match);
bool is_in_aadhaar(std::string_view match);
bool is_uk_nhs(std::string_view match);
bool is_ca_sin(std::string_view match);
bool is_be_nrn(std::string_view match);
bool is_se_personnummer(std::string_view match);
bool is_fi_hetu(std::string_view match);
bool is_cn_id(std::string_view match);
bool is_kr_rrn(std::string_view match);
bool is_cl_rut(std::string_view match);
bool is_mx_curp(std::string_view match);

// Of national_numbers.cpp.
bool is_at_svnr(std::string_view match);
bool is_au_tfn(std::string_view match);
bool is_ch_ahv(std::string_view match);
bool is_cz_rc(std::string_view match);
bool is_de_tax_id(std::string_view match);
bool is_ee_ik(std::string_view match);
bool is_gr_amka(std::string_view match);
bool is_hr_oib(std::string_view match);
bool is_ie_pps(std::string_view match);
bool is_maestro_card(std::string_view match);
bool is_nl_bsn(std::string_view match);
bool is_no_fnr(std::string_view match);
bool is_pl_nip(std::string_view match);
bool is_pt_nif(std::string_view match);
bool is_ro_cnp(std::string_view match);
bool is_za_id(std::string_view match);

/// An address that can be somebody's: not loopback, unspecified or broadcast,
/// and no version number of single digits.
bool is_ipv4(std::string_view match);
bool is_ipv6(std::string_view match);

/// A value that a random generator made: letters and digits, at least 3.5 bits
/// of entropy a character, no words.
bool is_random_value(std::string_view match);

}  // namespace forgelm::audit
