// What is used of PDFium's C interface. The wheel that carries the library has no headers; these declarations are those
// of its public ones (fpdfview.h, fpdf_text.h), which do not change.
#pragma once

extern "C" {

struct fpdf_document_t__;
struct fpdf_page_t__;
struct fpdf_textpage_t__;
using FPDF_DOCUMENT = fpdf_document_t__*;
using FPDF_PAGE = fpdf_page_t__*;
using FPDF_TEXTPAGE = fpdf_textpage_t__*;

struct FPDF_FILEACCESS {
  unsigned long m_FileLen;
  int (*m_GetBlock)(void* param, unsigned long position, unsigned char* buffer, unsigned long size);
  void* m_Param;
};

/// What FPDF_GetLastError gives for a file that needs a password.
inline constexpr unsigned long kFpdfErrPassword = 4;

void FPDF_InitLibrary();
FPDF_DOCUMENT FPDF_LoadCustomDocument(FPDF_FILEACCESS* access, const char* password);
unsigned long FPDF_GetLastError();
int FPDF_GetPageCount(FPDF_DOCUMENT document);
FPDF_PAGE FPDF_LoadPage(FPDF_DOCUMENT document, int index);
void FPDF_ClosePage(FPDF_PAGE page);
float FPDF_GetPageWidthF(FPDF_PAGE page);
FPDF_TEXTPAGE FPDFText_LoadPage(FPDF_PAGE page);
void FPDFText_ClosePage(FPDF_TEXTPAGE page);
int FPDFText_CountChars(FPDF_TEXTPAGE page);
int FPDFText_GetText(FPDF_TEXTPAGE page, int begin, int count, unsigned short* result);
unsigned int FPDFText_GetUnicode(FPDF_TEXTPAGE page, int index);
int FPDFText_GetCharOrigin(FPDF_TEXTPAGE page, int index, double* x, double* y);
}
