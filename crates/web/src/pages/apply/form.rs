//! The form of a kind, made from the registration data: whatever is typed is kept, and all that
//! is wrong is told at once.

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::catalogue::{Field, FieldKind, Kind};
use ra::{FieldError, FormView};

use super::{Spot, Steps, issues};
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/form.html")]
struct FormPage {
    frame: Frame,
    spot: Spot,
    steps: Steps,
    inputs: Vec<Input>,
    version: i64,
    mistakes: Mistakes,
}

/// One field as it is shown.
struct Input {
    name: String,
    label: String,
    help: String,
    value: String,
    shape: Shape,
    is_required: bool,
    condition: Option<String>,
}

/// Which control a field has.
enum Shape {
    Line { kind: &'static str, class: &'static str, autocomplete: &'static str },
    Lines,
    Choice(Vec<(String, String)>),
}

/// `GET /application/form`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    let permit = app.permit(visitor.principal(), Action::CreateApplication)?;
    let view = app.registration()?.form(&permit, &spot.id).await?;
    page(&filled(&app, (frame, spot), (&view, None))?)
}

/// The form as it was saved, or as it was typed where it could not be.
fn filled(
    app: &App,
    (frame, spot): (Frame, Spot),
    (view, typed): (&FormView, Option<(&Form, &[FieldError])>),
) -> Result<FormPage, Problem> {
    let application = &view.application;
    let catalogue = app.registration()?.catalogue();
    let kind = catalogue.kind_for(&application.kind, &application.service)?;
    let value = |name: &str| {
        if let Some((typed, _)) = typed {
            return typed.text(&format!("f.{name}")).to_owned();
        }
        let row = view.rows.iter().find(|row| row.name == name);
        row.map_or_else(String::new, |row| row.value.clone())
    };
    let inputs = kind.fields.iter().map(|field| input(kind, field, value(&field.name)));
    Ok(FormPage {
        frame,
        spot,
        steps: Steps::at(1, issues(app, application)?),
        inputs: inputs.collect(),
        version: view.application.version,
        mistakes: mistakes(typed.map_or(view.errors.as_slice(), |(_, errors)| errors)),
    })
}

/// What is wrong, as the page tells it.
pub fn mistakes(errors: &[FieldError]) -> Mistakes {
    let mut mistakes = Mistakes::none();
    for error in errors {
        mistakes.add(&error.field, format!("{}：{}", error.label, error.text));
    }
    mistakes
}

fn input(kind: &Kind, field: &Field, value: String) -> Input {
    let condition = field.when.as_ref().and_then(|when| {
        let asked = kind.field(&when.field)?;
        let titles: Vec<_> = when.is.iter().map(|value| asked.shown(value)).collect();
        Some(format!("“{}”选“{}”时填写", asked.label, titles.join("”或“")))
    });
    Input {
        name: field.name.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        value,
        shape: shape(field),
        is_required: field.required,
        condition,
    }
}

fn shape(field: &Field) -> Shape {
    let line = |kind, class, autocomplete| Shape::Line { kind, class, autocomplete };
    match field.kind {
        FieldKind::Choice => {
            let choices = field.choices.iter();
            Shape::Choice(choices.map(|one| (one.value.clone(), one.title.clone())).collect())
        }
        FieldKind::Domains | FieldKind::Addresses => Shape::Lines,
        FieldKind::Name => line("text", "input-middle", "name"),
        FieldKind::Phone => line("tel", "input-middle input-code", "tel-national"),
        FieldKind::Email => line("email", "input-middle", "email"),
        FieldKind::IdNumber
        | FieldKind::Passport
        | FieldKind::OfficerNumber
        | FieldKind::CreditCode => line("text", "input-middle input-code", "off"),
        FieldKind::UnitName | FieldKind::Text => line("text", "", "off"),
    }
}

/// `POST /application/form`.
pub async fn save(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let (ra, at) = (app.registration()?, spot.at(&form)?);
    let filled_in = ra::Form::new(form.below("f."));
    let permit = app.permit(visitor.principal(), Action::CreateApplication)?;
    let saved = match ra.save_form(&permit, &at, filled_in).await {
        Ok(saved) => saved,
        // Too long to be kept: it comes back as it was typed.
        Err(ra::Error::Form(errors)) => {
            let view = ra.form(&permit, &at.id).await?;
            let typed = (&view, Some((&form, errors.as_slice())));
            return page_to_correct(&filled(&app, (frame, spot), typed)?);
        }
        Err(error) => return Err(error.into()),
    };
    if saved.errors.is_empty() || form.text("later") == "yes" {
        let next = if saved.errors.is_empty() { "/materials" } else { "" };
        return go(&format!("{}{next}", spot.base));
    }
    let view = ra.form(&permit, &at.id).await?;
    page_to_correct(&filled(&app, (frame, spot), (&view, None))?)
}
