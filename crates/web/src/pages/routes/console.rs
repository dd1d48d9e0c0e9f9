//! 管理台: journal, CA, certificates, health, settings, statistics.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::admin::{
    ca, ca_orders, certificate, certificate_order, certificates, devices, health, journal,
    journal_audit, journal_consistency, journal_key, journal_record, profiles, sample, sample_look,
    samples, settings, statistics, trust,
};
use crate::pages::attestation;
use crate::pages::guard::PageGate;

/// For administrators and auditors. The rules that certificates are made by are no secret among the
/// staff.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/admin/journal" may(A::ReadJournal) => journal::show;
        get "/admin/journal/export.csv" may(A::ExportJournal) => journal::export;
        get "/admin/journal/export.jsonl" may(A::ExportJournal) => journal::export_whole;
        get "/admin/journal/audits" may(A::ReadJournal) => journal_audit::show;
        get "/admin/journal/audits/export.csv" may(A::ExportJournal) => journal_audit::export;
        post "/admin/journal/audits" may(A::AuditJournal) => journal_audit::submit;
        get "/admin/journal/consistency" may(A::ReadJournal) => journal_consistency::show;
        get "/admin/journal/{seq}" may(A::ReadJournal) => journal_record::show;
        get "/journal/key.pem" PageGate::Public => journal_key::download;

        get "/admin/certificates" may(A::ReadCertificate) => certificates::show;
        get "/admin/certificates/export.csv" may(A::ReadCertificate) => certificates::export;
        get "/admin/certificates/{serial}" may(A::ReadCertificate) => certificate::show;
        get "/admin/certificates/{serial}/pem" may(A::ReadCertificate) => certificate::pem;
        get "/admin/certificates/{serial}/der" may(A::ReadCertificate) => certificate::der;

        get "/admin/certificates/{serial}/attestation" may(A::ReadCertificate) => attestation::of_certificate;

        get "/admin/certificates/{serial}/suspend" may(A::SuspendCertificate) => certificate_order::suspend;
        post "/admin/certificates/{serial}/suspend" may(A::SuspendCertificate) => certificate_order::order_suspension;
        get "/admin/certificates/{serial}/resume" may(A::ResumeCertificate) => certificate_order::resume;
        post "/admin/certificates/{serial}/resume" may(A::ResumeCertificate) => certificate_order::order_resumption;
        get "/admin/certificates/{serial}/revoke" may(A::RevokeCertificate) => certificate_order::revoke;
        post "/admin/certificates/{serial}/revoke" may(A::RevokeCertificate) => certificate_order::order_revocation;

        get "/admin/ca" may(A::ReadCrl) => ca::show;
        post "/admin/ca/publish" may(A::PublishCrl) => ca_orders::publish;
        post "/admin/ca/refill" may(A::RefillKmc) => ca_orders::refill;

        get "/admin/trust" may(A::ReadCrl) => trust::show;
        post "/admin/trust/fetch" may(A::PublishCrl) => trust::fetch;

        get "/admin/profiles" PageGate::Staff => profiles::show;
        get "/admin/devices" may(A::ReadMetrics) => devices::show;
        get "/admin/health" may(A::ReadMetrics) => health::show;
        get "/admin/settings" may(A::ReadMetrics) => settings::show;

        get "/admin/samples" may(A::ReadSamples) => samples::show;
        get "/admin/samples/export.csv" may(A::ReadSamples) => samples::export;
        get "/admin/samples/{week}" may(A::ReadSamples) => sample::show;
        post "/admin/samples/{week}" may(A::ReviewSamples) => sample_look::review;
        get "/admin/samples/{week}/report.json" may(A::ReadSamples) => sample::download;
        get "/admin/samples/{week}/export.csv" may(A::ReadSamples) => sample::export;

        get "/admin/statistics" may(A::ReadStatistics) => statistics::show;
        get "/admin/statistics/export.csv" may(A::ReadStatistics) => statistics::export;
    }
}
