//! An institution that has issued in a week, and what was reported of it.

use access::Action;
use app::sample::{Report, SignedReport, Week};
use app::{Act, Settings};
use jiff::SignedDuration;

use crate::way::{Staff, Way, key, world_and_watch};
use crate::world::World;

pub struct Town {
    pub world: World,
    pub clerk: Staff,
    pub reviewer: Staff,
    pub inspector: Staff,
}

impl Town {
    /// At the beginning of a week that nothing was issued in.
    pub async fn at_a_monday(change: impl FnOnce(&mut Settings)) -> Self {
        let (world, clerk, reviewer, watch) = world_and_watch(|settings| {
            for kind in ["person", "unit", "ocsp"] {
                settings.policy.insert(kind.into(), vec!["1.2.156.99.1".into()]);
            }
            change(settings);
        })
        .await;
        let inspector = watch.appoint(world.institution.access(), "inspector", "inspector").await;
        let town = Self { world, clerk, reviewer, inspector };
        town.pass_to(town.week().end() + SignedDuration::from_hours(1));
        // What the founding week left.
        assert!(town.world.institution.make_sample_reports().await.unwrap() >= 1);
        town
    }

    pub fn week(&self) -> Week {
        Week::of(self.world.now())
    }

    pub fn pass_to(&self, instant: jiff::Timestamp) {
        self.world.pass(instant.duration_since(self.world.now()).as_secs());
    }

    /// The end of the week, and some minutes.
    pub fn pass_the_week(&self) {
        self.pass_to(self.week().end() + SignedDuration::from_mins(5));
    }

    /// The whole way of an application of somebody: its number inside, and the serials.
    pub async fn applied(&self, at: u32) -> (String, [String; 2]) {
        let body = format!("110101199001{:02}{at:03}", 1 + at % 28);
        let number = format!("{body}{}", testkit::identity::id_number_check(&body));
        let phone = format!("139{at:08}");
        let mut way = Way::begin(&self.world.institution).await;
        way.fill_and_submit_with(&[("id_number", &number), ("phone", &phone)]).await;
        way.proof(&self.clerk).await;
        way.approve(&self.reviewer).await.unwrap();
        way.agree_and_request().await;
        way.issue().await;
        let serials = way.application.state.serials().unwrap();
        let pair = [serials.sign.clone(), serials.enc.clone().unwrap()];
        (way.application.id.to_string(), pair)
    }

    /// Orders of the founding client.
    pub async fn ordered(&self, names: impl IntoIterator<Item = u32>) {
        for at in names {
            if at % 4 == 0 {
                self.world.institution.kmc().unwrap().refill().await.unwrap();
            }
            let order = self.world.order(&format!("client-{at}"), "person", Act::New, &key());
            self.world.institution.enrol(order).await.unwrap();
        }
    }

    /// The report of a week, by who may read it.
    pub async fn report(&self, week: Week) -> (SignedReport, Report) {
        let institution = &self.world.institution;
        let permit = self.inspector.permit(institution.access(), Action::ReadSamples).await;
        let file = institution.sample_file(&permit, week).await.unwrap().unwrap();
        let file = SignedReport::from_file(&file).unwrap();
        let report = file.report().unwrap();
        let shown = institution.sample_report(&permit, week).await.unwrap().unwrap();
        assert!(shown.2, "row, record and signature are about this text");
        assert_eq!(shown.1, report);
        (file, report)
    }

    /// What the doctor says of the reports.
    pub async fn checked(&self) -> app::doctor::Check {
        let checks = self.world.institution.examine(false).await;
        checks.into_iter().find(|check| check.name == "sample").unwrap()
    }

    /// Something is changed in the database by hand.
    pub async fn tampered(&self, text: &'static str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let store = self.world.institution.store();
        let done = store.commit(move |tx| {
            Box::pin(async move {
                let query =
                    values.iter().fold(sqlx::query(text), |query, value| query.bind(value.clone()));
                Ok::<_, store::Error>(query.execute(tx.conn()).await?.rows_affected())
            })
        });
        assert!(done.await.unwrap() > 0, "{text}");
    }
}
